"""What is wrong in one file, collected while it is parsed; a file over a cap is given up."""

from typing import Any, NoReturn

from reconciler.manifests.field_path import dotted
from reconciler.model.diagnostics import Diagnostic, Where

MAX_MISTAKES = 50


class Refused:
    """Stands for a scalar that was reported, so that nothing is said about it twice."""

    def __repr__(self) -> str:
        return "REFUSED"


REFUSED = Refused()


class Spoiled(Exception):
    """Nothing of the file is used: it is over a cap."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Mistakes:
    """`found` are the mistakes so far, `path` leads to what is being parsed; events of libyaml say where."""

    def __init__(self, file: str) -> None:
        self.found: list[Diagnostic] = []
        self.path: list[str | int] = []
        self._file = file

    def add(self, event: Any, *, code: str, message: str, hint: str = "") -> None:
        """Something is wrong with one document."""
        if len(self.found) == MAX_MISTAKES:
            self.spoil(event, code="too-many-mistakes", message=f"the file has more than {MAX_MISTAKES} mistakes")
        self.found.append(self._diagnostic(event, code=code, message=message, hint=hint))

    def spoil(self, event: Any, *, code: str, message: str, hint: str = "") -> NoReturn:
        """The file is over a cap: raises Spoiled."""
        message = f"{message}; nothing of this file is used"
        raise Spoiled(self._diagnostic(event, code=code, message=message, hint=hint))

    def _diagnostic(self, event: Any, *, code: str, message: str, hint: str) -> Diagnostic:
        mark = event.start_mark
        where = Where(self._file, mark.line + 1, mark.column + 1)
        return Diagnostic(code=code, message=message, where=where, path=dotted(self.path), hint=hint)


def cut(text: str) -> str:
    """Long text, shortened for a message."""
    return text if len(text) <= 60 else f"{text[:59]}…"
