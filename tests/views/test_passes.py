"""One line and one object for each pass of `watch`."""

import json

import pytest

from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.names import PackageName, SiteName
from reconciler.views.passes import ndjson, pass_json, pass_text
from tests.conftest import Golden
from tests.views import plans
from tests.views.hostile import HOSTILE, hostile_plan

WRONG = Diagnostic(code="unknown-package", message='package "til" does not exist', where=Where("jobs/till.yaml", 9, 12))
PASSES = {
    "done": {"plan": plans.contract(), "recorded": [job.name for job in plans.contract().send_only_jobs]},
    "nothing": {"outcome": "done", "plan": plans.no_changes()},
    "left-out": {
        "outcome": "done",
        "plan": plans.contract(),
        "recorded": [f"send-{n}" for n in range(5)],
        "left_out": [(PackageName("office"), SiteName("lyon-01"))],
    },
    "refused": {"plan": plans.refused(), "diagnostics": [WRONG]},
    "invalid": {"plan": plans.contract(), "diagnostics": [WRONG]},
    "moved": {"moved": ["manifests/till.yaml"]},
    "failed": {"error": "the state cannot be opened: permission denied"},
}


def test_the_lines_are_as_they_were_looked_at(golden: Golden) -> None:
    lines = [pass_text(**{"at": plans.NOW, "outcome": name} | fields) for name, fields in PASSES.items()]
    golden("passes.txt", "".join(lines))


def test_the_objects_are_as_they_were_looked_at(golden: Golden) -> None:
    lines = [ndjson(pass_json(**{"at": plans.NOW, "outcome": name} | fields)) for name, fields in PASSES.items()]
    golden("passes.ndjson", "".join(lines))


def test_the_time_is_that_of_the_zone_asked_for() -> None:
    assert pass_text(at=plans.NOW, outcome="done", zone="Europe/Berlin") == "2026-11-24T16:02:00+01:00  done\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_the_data_says_a_pass_is_one_line(text: str) -> None:
    wrong = Diagnostic(code=text, message=text, where=Where(text, 1, 1))
    fields = {"at": plans.NOW, "outcome": text, "plan": hostile_plan(text, 1), "recorded": [text], "error": text}
    fields |= {"diagnostics": [wrong], "moved": [text], "left_out": [(PackageName(text), SiteName(text))]}
    line = pass_text(**fields)
    assert line.removesuffix("\n").isprintable()
    packed = ndjson(pass_json(**fields))
    assert packed.isascii()
    assert packed.removesuffix("\n").isprintable()
    assert json.loads(packed)["diagnostics"][0]["message"] == text


def test_colour_marks_the_word_for_the_outcome() -> None:
    assert "\x1b[31mfailed \x1b[0m" in pass_text(at=plans.NOW, outcome="failed", error="no", color=True)
