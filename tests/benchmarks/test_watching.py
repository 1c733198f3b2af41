"""What is watched in the measurements, and which promises are compared."""

import json
from pathlib import Path

import pytest

from benchmarks.commands import environment
from benchmarks.fleet import write_fleet
from benchmarks.report import with_figures
from benchmarks.sizes import Size
from benchmarks.watching import storm
from benchmarks.watching.bare import FLOORS, floors
from benchmarks.watching.changes import JOB, MANIFEST, Reaction, Watched
from benchmarks.watching.place import BRANCH, Place, begin, make_place
from benchmarks.watching.report import FIGURES, as_json, as_markdown, as_text
from benchmarks.watching.scale import SMOKE
from benchmarks.watching.stages import RECORD, STAGES, Stages, in_process
from benchmarks.watching.storm import Storm
from benchmarks.watching.targets import slope_of, targets, worst
from benchmarks.watching.watches import Figures, measure

SIZE = Size(3, 4)


def reactions(*seconds: float) -> tuple[Reaction, ...]:
    return tuple(Reaction(seconds=each, cpu=each / 2) for each in seconds)


def some_figures() -> Figures:
    return Figures(
        pairs=12,
        stages=Stages([dict.fromkeys(STAGES, 0.02), dict.fromkeys(STAGES, 0.001)]),
        commits=Watched(reactions=reactions(0.05, 0.06, 0.4), idle=0.001, resident_kib=50 * 1024),
        files=Watched(reactions=reactions(2.1), idle=0.01, resident_kib=70 * 1024),
        storm=Storm(files=1000, plans=1, lost=0, seconds=2.5),
        resident=(40_000, 50_000, 50_000, 50_000),
        floors=dict.fromkeys(FLOORS, (0.003, 0.004)),
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("place")
    return make_place(str(root / "fleet"), SIZE, environment(str(root / "cache")))


def test_a_commit_changes_one_file_and_nothing_that_is_checked_out(place: Place) -> None:
    before = place.git("rev-parse", BRANCH)
    commit = place.commit(MANIFEST, "changed\n")
    assert place.git("rev-parse", BRANCH) == before
    place.move(commit)
    assert place.git("diff-tree", "-r", "--name-only", before, BRANCH) == MANIFEST
    assert place.git("cat-file", "blob", f"{BRANCH}:{MANIFEST}") == "changed"
    assert place.read(MANIFEST) != "changed\n"
    assert place.git("status", "--porcelain", "--untracked-files=no").endswith(MANIFEST)
    place.move(before)


def test_what_is_changed_is_there_to_be_changed(place: Place) -> None:
    assert "setup.exe /quiet" in place.read(MANIFEST)
    assert "CHG" in place.read(JOB)


def test_each_floor_is_measured_in_each_round(place: Place) -> None:
    place.move(place.commit(MANIFEST, place.read(MANIFEST) + "# more\n"))
    found = floors(place, rounds=2)
    assert {name: len(took) for name, took in found.items()} == dict.fromkeys(FLOORS, 2)


def test_every_stage_of_every_pass_is_measured(place: Place) -> None:
    stages = in_process(place, rounds=2)
    assert [list(one) for one in stages.passes] == [list(STAGES)] * 3
    assert stages.after(RECORD) > 0


def test_a_storm_has_a_file_for_each_pair(tmp_path: Path) -> None:
    place = Place(str(tmp_path), environment(str(tmp_path / "cache")))
    write_fleet(place.folder, SIZE)
    files = storm.one_by_one(place, "P00001", SIZE)
    begin(place)
    assert sorted(files) == [f"manifests/jobs/P00001-{site}.yaml" for site in SIZE.site_names]
    assert "- {names: [S00002]}" in files["manifests/jobs/P00001-S00002.yaml"]
    assert "everywhere" not in "".join(files.values())
    assert not (tmp_path / "manifests/jobs/P00001.yaml").exists()


def test_the_promises_are_compared() -> None:
    missed = [target.name for target in targets(some_figures()) if not target.met]
    assert missed == ["P9 a commit, 95 of 100", "P9 idle, of a core, on files", "P9 memory, idle, on files"]


def test_95_of_100_are_not_slower_than_the_time_that_is_told() -> None:
    assert worst(reactions(*(number / 100 for number in range(100)))) == 0.95


def test_growth_is_that_of_the_second_half() -> None:
    assert slope_of([10, 500, 500, 500]) == 0
    assert slope_of([10, 20, 30, 40]) == 10_000


def test_figures_are_told_as_text_as_markdown_and_as_json() -> None:
    figures = some_figures()
    text, page = as_text(figures), as_markdown(figures, targets(figures))
    assert "a checkout of 1,000 files: 1 plan, 0 pairs lost, recorded 2.5 s after it" in text
    assert "| all | 1.000 | 0.050 |" in page
    assert "| commit, 12 pairs | 60 | 400 | 30 | 0.10 % | 50 |" in page
    assert json.loads(as_json(figures, targets(figures)))["figures"]["pairs"] == 12


def test_the_page_has_room_for_the_figures() -> None:
    page = (Path(__file__).parents[2] / "docs/explanation/performance.md").read_text()
    assert "new figures" in with_figures(page, "new figures\n", called=FIGURES)


@pytest.mark.long
def test_all_of_it_works_on_a_small_fleet() -> None:
    figures = measure(SMOKE)
    assert len(figures.commits.reactions) == SMOKE.commits
    assert (figures.storm.plans, figures.storm.lost) == (1, 0)
    assert len(figures.resident) == SMOKE.slope
