"""A text that nobody may see: it has to be asked for to be used, and shows itself nowhere (reliability.md 11)."""

from typing import NoReturn


class Secret:
    """Its `repr`, `str` and every format are `***`; it is not pickled, and two are equal only if they are one."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """The text, for the one call that needs it; keep it in no value, no message and no exception."""
        return self.__text

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written down")
