"""A mapping of a spec, read by the types its schema promised: another type is a fault of ours, not of the user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fields:
    """One mapping; `path` is where it stands beneath `spec`."""

    body: Mapping[str, object]
    path: tuple[str | int, ...] = ()

    def __contains__(self, key: str) -> bool:
        return key in self.body

    def text(self, key: str, default: str = "") -> str:
        value = self.body.get(key, default)
        if not isinstance(value, str):
            raise TypeError(f"{self._field(key)} is not a string: {value!r}")
        return value

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self.body else None

    def integer(self, key: str, default: int) -> int:
        value = self.body.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{self._field(key)} is not an integer: {value!r}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.body.get(key, default)
        if not isinstance(value, bool):
            raise TypeError(f"{self._field(key)} is neither true nor false: {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """The strings of a list; one string may stand without brackets."""
        value = self.body.get(key)
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list):
            raise TypeError(f"{self._field(key)} is not a list: {value!r}")
        return tuple(value)

    def below(self, key: str) -> "Fields":
        """The mapping at `key`, an empty one where there is none."""
        value = self.body.get(key, {})
        if not isinstance(value, dict):
            raise TypeError(f"{self._field(key)} is not a mapping: {value!r}")
        return Fields(value, (*self.path, key))

    def each(self, key: str) -> Sequence["Fields"]:
        """The mappings of the list at `key`."""
        value = self.body.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise TypeError(f"{self._field(key)} is not a list: {value!r}")
        return [Fields(item, (*self.path, key, index)) for index, item in enumerate(value)]

    def at(self, key: str, index: int | None = None) -> tuple[str | int, ...]:
        """The path of the value at `key`, or of one item of its list; of the value itself where it is no list."""
        if index is None or isinstance(self.body.get(key), str):
            return (*self.path, key)
        return (*self.path, key, index)

    def _field(self, key: str) -> str:
        return ".".join(str(step) for step in ("spec", *self.path, key))
