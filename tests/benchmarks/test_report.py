import json

import pytest

from benchmarks.measure import Measured, Usage
from benchmarks.planning import BARE, Figures
from benchmarks.report import as_json, as_markdown, as_text, with_figures
from benchmarks.targets import Target

FIGURES = Figures(
    sections={"start": [BARE, "reconcile --version"], "peers": []},
    measured={
        BARE: Measured((Usage(cpu=0.5, wall=0.5, peak_kib=8192),)),
        "reconcile --version": Measured((Usage(cpu=0.75, wall=1.0, peak_kib=9216),)),
    },
    absent=("rsync -ani",),
)
TARGETS = [Target(name="P8: start", value=1.5, limit=1.3, unit="x")]


def test_people_read_medians_and_multiples_of_bare_python():
    text = as_text(FIGURES).splitlines()

    assert text[4].split() == ["reconcile", "--version", "0.750", "1.5", "1.000", "9", "1"]
    assert text[-1] == "not on this machine, left out: rsync -ani"
    assert str(TARGETS[0]) == "MISSED P8: start: 1.50 x, at most 1.3"


def test_a_page_shows_no_absolute_time():
    page = as_markdown(FIGURES, TARGETS)

    assert "| reconcile --version | 1.5 | 9 |" in page
    assert "| P8: start | 1.50 x | 1.3 | **missed** |" in page
    assert "0.75" not in page


def test_programs_read_every_run():
    value = json.loads(as_json(FIGURES, TARGETS))

    assert value["runs"]["reconcile --version"] == [{"cpu": 0.75, "wall": 1.0, "peak_kib": 9216}]
    assert value["targets"] == [{"name": "P8: start", "value": 1.5, "limit": 1.3, "unit": "x", "met": False}]


def test_only_what_stands_between_the_marks_is_replaced():
    page = "before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n"

    assert with_figures(page, "new\n") == page.replace("old", "new")


def test_a_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="end of figures"):
        with_figures("before\n<!-- figures -->\nold\n", "new\n")
