"""What is wrong, with the lines it is about (cli.md): `file:line:col: error[code]: message`, source, hint."""

import re
from collections.abc import Callable, Mapping, Sequence

from reconciler.model.diagnostics import Diagnostic, Severity, Where
from reconciler.model.plan import FORMAT_VERSION
from reconciler.views.cells import cells, clip
from reconciler.views.counts import count
from reconciler.views.paint import Ink, paint
from reconciler.views.plan_json import diagnostic_json
from reconciler.views.untrusted import render_untrusted

Lines = Callable[[str, int], str | None] | Mapping[str, Sequence[str]]
"""A file and a line's number, from 1, to that line; or the lines of each file."""

_INKS = {Severity.ERROR: Ink.BOLD_RED, Severity.WARNING: Ink.BOLD_YELLOW}
_WIDEST = 120
_BEFORE = 60
_PLAIN_END = re.compile(r"[,\]}]|:(?=\s|$)|\s+#|\s*$")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?|' + r"'(?:[^']|'')*'?")


def diagnostics_text(
    diagnostics: Sequence[Diagnostic], *, lines: Lines, color: bool = False, files_read: int | None
) -> str:
    """All of them, sorted by place, and a last line that counts them and the files read, None where nobody counted."""
    told = [_one(diagnostic, lines, color=color) for diagnostic in _sorted(diagnostics)]
    errors = sum(diagnostic.is_error for diagnostic in diagnostics)
    warnings = len(diagnostics) - errors
    read = "" if files_read is None else f", {count(files_read, 'file')} read"
    told.append(f"{count(errors, 'error')}, {count(warnings, 'warning')}{read}\n")
    return "\n".join(told)


def validation_json(diagnostics: Sequence[Diagnostic]) -> dict[str, object]:
    """`reconcile validate -o json`."""
    errors = sum(diagnostic.is_error for diagnostic in diagnostics)
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Validation",
        "valid": errors == 0,
        "errorCount": errors,
        "warningCount": len(diagnostics) - errors,
        "diagnostics": [diagnostic_json(diagnostic) for diagnostic in _sorted(diagnostics)],
    }


def _sorted(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    return sorted(diagnostics, key=lambda diagnostic: diagnostic.order)


def _one(diagnostic: Diagnostic, lines: Lines, *, color: bool) -> str:
    where = diagnostic.where
    ink = _INKS[diagnostic.severity]
    kind = paint(f"{diagnostic.severity.value}[{render_untrusted(diagnostic.code)}]", ink, color=color)
    place = f"{render_untrusted(where.file)}:{where.line}:{where.column}"
    told = [f"{paint(place, Ink.BOLD, color=color)}: {kind}: {render_untrusted(diagnostic.message)}"]
    told += _source(where, lines, ink=ink, color=color)
    if diagnostic.hint:
        told.append(f"  {paint('hint:', Ink.CYAN, color=color)} {render_untrusted(diagnostic.hint)}")
    return "".join(f"{line}\n" for line in told)


def _source(where: Where, lines: Lines, *, ink: Ink, color: bool) -> list[str]:
    """The line and its neighbours, the culprit underlined; nothing if the line cannot be had or is blank."""
    culprit = _line(lines, where.file, where.line)
    if culprit is None or not culprit.strip():
        return []
    cut = max(0, where.column - 1 - _BEFORE) if cells(_plain(culprit)) > _WIDEST else 0
    gutter = len(str(where.line + 1))
    told = []
    for number in (where.line - 1, where.line, where.line + 1):
        line = _line(lines, where.file, number) if number > 0 else None
        if line is None:
            continue
        shown = clip(_plain(line[cut:]), _WIDEST)
        told.append(f"  {paint(f'{number:>{gutter}} |', Ink.DIM, color=color)} {shown}".rstrip())
        if number == where.line:
            before = cells(_plain(culprit[cut : where.column - 1]))
            carets = min(_width(culprit, where.column - 1), max(1, _WIDEST - before))
            told.append(f"  {' ' * gutter} | {' ' * before}{paint('^' * carets, ink, color=color)}")
    return told


def _line(lines: Lines, file: str, number: int) -> str | None:
    if not isinstance(lines, Mapping):
        return lines(file, number)
    held = lines.get(file, ())
    return held[number - 1].rstrip("\r\n") if number <= len(held) else None


def _plain(line: str) -> str:
    """Tabs as wide as a terminal shows them, all else harmless: what stands before a column is as wide in both."""
    return render_untrusted(line.expandtabs(8))


def _width(line: str, start: int) -> int:
    """How many cells the scalar that starts there takes: at least one."""
    rest = line[start:]
    quoted = _QUOTED.match(rest)
    end = _PLAIN_END.search(rest)
    length = quoted.end() if quoted else end.start() if end else len(rest)
    return max(1, cells(_plain(line[: start + length])) - cells(_plain(line[:start])))
