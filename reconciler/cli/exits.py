"""Exit codes, the same for all commands (cli.md), and the errors that end a command with one of them."""

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.diagnostics import Diagnostic
    from reconciler.model.source_text import SourceText


class Exit(IntEnum):
    DONE = 0
    FAILED = 1
    CHANGES = 2
    NO = 3
    INVALID = 4
    TRY_AGAIN = 5
    USAGE = 64
    INTERRUPTED = 130
    TERMINATED = 143


HELP = """\
Exit codes: 0 done, nothing to do, or plan printed; 1 failure at run time; 2 changes pending (only with
--detailed-exitcode); 3 the answer is no: a guard refuses, not ready, or blocked pairs with --fail-on blocked;
4 invalid manifests or settings; 5 try again: saved plan stale, or files moved while being read; 64 wrong command
line; 130, 143 interrupted."""

_STRONGEST_FIRST = (Exit.USAGE, Exit.INVALID, Exit.TRY_AGAIN, Exit.FAILED, Exit.NO, Exit.CHANGES)


def strongest(exits: Iterable[Exit]) -> Exit:
    """The code to end with when several apply: 64 > 4 > 5 > 1 > 3 > 2 > 0."""
    given = set(exits)
    return next((code for code in _STRONGEST_FIRST if code in given), Exit.DONE)


class CommandError(Exception):
    """Ends the command: one line of what is wrong, and a hint."""

    def __init__(self, message: str, *, code: Exit = Exit.FAILED, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


class InvalidSettings(Exception):
    """The settings cannot be used; nothing is planned (cli.md). `texts` are what they say in a commit."""

    def __init__(self, diagnostics: "tuple[Diagnostic, ...]", *, texts: "tuple[SourceText, ...] | None" = None) -> None:
        super().__init__("invalid settings")
        self.diagnostics = diagnostics
        self.texts = texts
