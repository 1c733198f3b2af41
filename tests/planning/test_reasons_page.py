"""docs/reference/reasons.md has a row for every word a plan may use, in the order in which reasons count."""

import re
from pathlib import Path

from reconciler.model.plan import BlockReason, GapReason, JobVerdict

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "reasons.md"


def rows(title: str) -> list[str]:
    """The first words of the rows beneath the heading that begins so."""
    section = next(part for part in PAGE.read_text(encoding="utf-8").split("\n## ") if part.startswith(title))
    return re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)


def test_every_reason_and_verdict_has_a_row() -> None:
    assert rows("Gaps") == [reason.value for reason in GapReason]
    assert rows("Blocks") == [reason.value for reason in BlockReason]
    assert rows("Verdicts of jobs") == [verdict.value for verdict in JobVerdict]
