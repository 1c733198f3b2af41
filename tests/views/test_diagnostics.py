"""What is wrong, shown with the lines it is about."""

import json
import unicodedata

import pytest

from reconciler.model.diagnostics import Diagnostic, Severity, Where
from reconciler.views.diagnostics import diagnostics_text, validation_json
from tests.conftest import Golden
from tests.views.hostile import HOSTILE

JOB = """\
apiVersion: reconciler/v1
kind: Job
metadata: {name: till-rollout}
spec:
  package: til-4   # as last year
  site: "EU 1"
  targets: [{names: [DE1, 東京, FR1]}]
\tphases:\t[send, fly]
"""
LINES = {"jobs/till.yaml": JOB.split("\n"), "sites/de1.yaml": ["", ""]}
DIAGNOSTICS = [
    Diagnostic(
        code="unknown-package",
        message='package "til-4" does not exist',
        where=Where("jobs/till.yaml", 5, 12),
        path="spec.package",
        hint='did you mean "till-4" (packages/till.yaml:4)?',
    ),
    Diagnostic(code="wrong-phase", message='"fly" is no phase', where=Where("jobs/till.yaml", 8, 17)),
    Diagnostic(code="unknown-site", message="there is no such site", where=Where("jobs/till.yaml", 7, 27)),
    Diagnostic(code="wrong-name", message="a name has no space", where=Where("jobs/till.yaml", 6, 9)),
    Diagnostic(
        code="no-address",
        message="site DE1 cannot receive",
        where=Where("sites/de1.yaml", 1, 1),
        severity=Severity.WARNING,
    ),
    Diagnostic(code="unreadable", message="permission denied", where=Where("jobs/secret.yaml")),
]


def test_the_text_is_as_it_was_looked_at(golden: Golden) -> None:
    golden("diagnostics.txt", diagnostics_text(DIAGNOSTICS, lines=LINES, files_read=14))


def test_the_json_is_as_it_was_looked_at(golden: Golden) -> None:
    golden("diagnostics.json", json.dumps(validation_json(DIAGNOSTICS), indent=2) + "\n")


def one(line: str, column: int) -> list[str]:
    """The source lines shown for a diagnostic in the only line of a file."""
    wrong = Diagnostic(code="x", message="m", where=Where("f.yaml", 1, column))
    return diagnostics_text([wrong], lines={"f.yaml": [line]}, files_read=1).splitlines()[1:-2]


@pytest.mark.parametrize(
    ("line", "column", "shown"),
    [
        ("kind: Jbo", 7, ["  1 | kind: Jbo", "    |       ^^^"]),
        ("kind: Jbo  # no", 7, ["  1 | kind: Jbo  # no", "    |       ^^^"]),
        ("a: [x, yy, z]", 8, ["  1 | a: [x, yy, z]", "    |        ^^"]),
        ("a: 'x, y'  ", 4, ["  1 | a: 'x, y'", "    |    ^^^^^^"]),
        ('a: "x\\"y": 1', 4, ['  1 | a: "x\\"y": 1', "    |    ^^^^^^"]),
        ("key: value", 1, ["  1 | key: value", "    | ^^^"]),
        ("東京: 大阪", 5, ["  1 | 東京: 大阪", "    |       ^^^^"]),
        ("\ta:\tb", 5, ["  1 |         a:      b", "    |                 ^"]),
        ("a:", 3, ["  1 | a:", "    |   ^"]),
        ("a: \x1b[2J", 4, ["  1 | a: \\x1b[2J", "    |    ^^^^^^^"]),
    ],
)
def test_the_culprit_is_underlined(line: str, column: int, shown: list[str]) -> None:
    assert one(line, column) == shown


def test_a_very_long_line_is_shown_around_the_culprit() -> None:
    source, underline = one("x" * 5000 + ", culprit, " + "y" * 5000, 5003)
    start = underline.index("^")
    assert source[start : start + 7] == "culprit"
    assert underline.count("^") == 7
    assert len(source) < 140


def test_a_culprit_longer_than_the_screen_does_not_underline_beyond_it() -> None:
    assert all(len(line) < 140 for line in one("x" * 5000, 1))


def test_lines_may_be_asked_for_one_by_one() -> None:
    asked = []

    def line(file: str, number: int) -> str | None:
        asked.append((file, number))
        return f"line {number}" if number < 3 else None

    wrong = Diagnostic(code="x", message="m", where=Where("f.yaml", 2, 1))
    text = diagnostics_text([wrong], lines=line, files_read=1)
    assert "  1 | line 1\n  2 | line 2\n    | ^^^^^^\n" in text
    assert set(asked) == {("f.yaml", 1), ("f.yaml", 2), ("f.yaml", 3)}


def test_the_last_line_counts() -> None:
    assert diagnostics_text([], lines={}, files_read=1) == "0 errors, 0 warnings, 1 file read\n"
    text = diagnostics_text(DIAGNOSTICS, lines={}, files_read=1200)
    assert text.endswith("\n5 errors, 1 warning, 1,200 files read\n")
    assert diagnostics_text(DIAGNOSTICS, lines={}, files_read=None).endswith("\n5 errors, 1 warning\n")


def test_reports_are_sorted_by_place() -> None:
    turned = diagnostics_text(DIAGNOSTICS[::-1], lines=LINES, files_read=14)
    assert turned == diagnostics_text(DIAGNOSTICS, lines=LINES, files_read=14)
    assert validation_json(DIAGNOSTICS[::-1]) == validation_json(DIAGNOSTICS)


def test_warnings_alone_are_valid() -> None:
    document = validation_json([DIAGNOSTICS[4]])
    assert (document["valid"], document["errorCount"], document["warningCount"]) == (True, 0, 1)
    assert set(document) == {"formatVersion", "kind", "valid", "errorCount", "warningCount", "diagnostics"}


@pytest.mark.parametrize("text", HOSTILE)
def test_strings_of_data_reach_the_terminal_harmless(text: str) -> None:
    wrong = Diagnostic(code=text, message=text, where=Where(text, 2, 3), path=text, hint=text)
    shown = diagnostics_text([wrong], lines={text: [text, text, text]}, files_read=1)
    assert {unicodedata.category(character) for character in shown.replace("\n", "")}.isdisjoint(
        {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )
    assert len(shown.splitlines()) == 8


def test_colour_changes_no_word() -> None:
    painted = diagnostics_text(DIAGNOSTICS, lines=LINES, color=True, files_read=14)
    assert "\x1b[1;31m" in painted
