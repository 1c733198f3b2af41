"""What `doctor` found, as text and as JSON."""

from collections import Counter
from collections.abc import Sequence

from reconciler.model.checkup import Check, Condition
from reconciler.model.plan import FORMAT_VERSION
from reconciler.views.cells import cells, left
from reconciler.views.counts import count
from reconciler.views.paint import Ink, paint
from reconciler.views.untrusted import render_untrusted

_INKS = {Condition.OK: Ink.GREEN, Condition.WARNING: Ink.YELLOW, Condition.PROBLEM: Ink.RED}


def checkup_text(checks: Sequence[Check], *, color: bool) -> str:
    """A line for each check, and one that counts them."""
    width = max((cells(render_untrusted(check.subject)) for check in checks), default=0)
    lines = [_line(check, width, color=color) for check in checks]
    return "".join(f"{line}\n" for line in (*lines, "", _sum(checks)))


def _line(check: Check, width: int, *, color: bool) -> str:
    word = paint(f"{check.condition.value:<7}", _INKS[check.condition], color=color)
    remedy = f"   -> {render_untrusted(check.remedy)}" if check.remedy else ""
    return f"{word}  {left(render_untrusted(check.subject), width)}  {render_untrusted(check.detail)}{remedy}"


def _sum(checks: Sequence[Check]) -> str:
    found = Counter(check.condition for check in checks)
    problems, warnings = count(found[Condition.PROBLEM], "problem"), count(found[Condition.WARNING], "warning")
    return f"{count(len(checks), 'check')}: {problems}, {warnings}."


def checkup_json(checks: Sequence[Check]) -> dict[str, object]:
    """The words are those of the text."""
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Checkup",
        "problems": sum(check.condition is Condition.PROBLEM for check in checks),
        "warnings": sum(check.condition is Condition.WARNING for check in checks),
        "checks": [
            {
                "subject": check.subject,
                "condition": check.condition.value,
                "detail": check.detail,
                "remedy": check.remedy,
            }
            for check in checks
        ],
    }
