"""Each example is right, and prints the plan, or the diagnostics, that lies beside it; its README is run by tests/docs.

To write them anew: `pytest tests/examples --update-golden`, then read the diff.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler import wiring
from reconciler.cli.app import run
from reconciler.cli.options import Options
from reconciler.cli.workplace import Workplace
from reconciler.engine.reconcile import plan_fleet
from reconciler.model.holdings import Held, Receipt
from reconciler.model.instants import parse_instant
from reconciler.model.packages import SetupPart
from reconciler.model.plan import Plan
from reconciler.state.protocol import Author, State
from reconciler.views.plan_text import plan_text
from reconciler.views.plan_yaml import plan_yaml
from tests.pages import comparable

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
NOON = parse_instant("2026-11-23T12:00:00Z")
MISTAKES = "05-mistakes"
STEPS = ("1-first", "2-setup-changed", "3-content-changed")
STEPWISE = tuple(f"03-content-or-setup/{step}" for step in STEPS)
WITH_PLAN = ("01-two-sites", "02-a-job-refused", "04-retail-chain")
WORKED = ("06-a-send", "07-adopt-what-is-there", "08-going-back", "09-teams")
"""What they print stands in their READMEs, which tests/docs runs."""

ALONE = (*WITH_PLAN, *WORKED)

Expected = Callable[[Path, str], None]


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache of its own, no variables of the command, and back to this folder afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in [name for name in os.environ if name.startswith("RECONCILE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def expected(request: pytest.FixtureRequest) -> Expected:
    """Compare with a file that was read and committed; the fleet's digest does not count."""
    update = request.config.getoption("--update-golden")

    def check(file: Path, text: str) -> None:
        if update and not (file.exists() and comparable(file.read_text("utf-8")) == comparable(text)):
            file.write_text(text, encoding="utf-8", newline="\n")
        assert comparable(text) == comparable(file.read_text("utf-8")), f"if meant: pytest --update-golden ({file})"

    return check


@pytest.fixture
def state(tmp_path: Path) -> State:
    return wiring.open_state(f"sqlite:///{tmp_path}/state.db", write=True)


def plan_of(example: str, state: State) -> Plan:
    place = Workplace(Options(chdir=str(EXAMPLES / example)))
    read = replace(place.read_fleet(), commit=lambda: None)  # as if it were copied out of this repository
    return plan_fleet(read, state, guards=place.settings.guards, at=NOON).plan


def play_the_sites(plan: Plan, state: State) -> None:
    """Record the plan, and a receipt from each site as if its send had arrived."""
    author = Author(actor="test", at=NOON)
    state.submit(plan, author, strict=True)
    for job in plan.send_only_jobs:
        held = Held(
            content=job.revision.content,
            setup=job.revision.setup,
            parts=frozenset(SetupPart(part) for part in job.parts),
            version=job.package_version,
        )
        for sent in job.sites:
            receipt = Receipt(
                package=job.package,
                site=sent.site,
                number=sent.number,
                held=held,
                verified_at=NOON,
                verifier="test",
                proof="read-back",
            )
            assert state.receive(receipt, author)


@pytest.mark.parametrize("example", WITH_PLAN)
def test_an_example_has_the_plan_that_lies_beside_it(example: str, state: State, expected: Expected) -> None:
    expected(EXAMPLES / example / "expected-plan.txt", plan_text(plan_of(example, state), written=False))


def test_the_steps_of_03_have_the_plans_that_lie_beside_them(state: State, expected: Expected) -> None:
    for example in STEPWISE:
        plan = plan_of(example, state)
        expected(EXAMPLES / example / "expected-plan.txt", plan_text(plan, written=False))
        play_the_sites(plan, state)


def test_L3_in_03_a_setup_sends_no_content_and_content_is_sent_by_itself(state: State) -> None:
    sent = []
    for example in STEPWISE:
        plan = plan_of(example, state)
        sent += [(job.mode.value, [str(site.site) for site in job.sites]) for job in plan.send_only_jobs]
        play_the_sites(plan, state)
    assert sent == [("content", ["EU1", "US1"]), ("setup-only", ["EU1", "US1"]), ("content", ["EU1", "US1"])]


@pytest.mark.parametrize("example", ALONE)
def test_L8_once_all_of_an_example_has_arrived_nothing_is_planned(example: str, state: State) -> None:
    play_the_sites(plan_of(example, state), state)
    assert not plan_of(example, state).has_changes


def test_the_mistakes_get_the_diagnostics_that_lie_beside_them(
    capsys: pytest.CaptureFixture[str], expected: Expected
) -> None:
    assert run(("-C", str(EXAMPLES / MISTAKES), "validate")) == 4
    printed = capsys.readouterr().out.replace(str(EXAMPLES / MISTAKES), ".")
    expected(EXAMPLES / MISTAKES / "expected-diagnostics.txt", printed)


def test_each_of_the_twenty_mistakes_is_reported_once() -> None:
    place = Workplace(Options(chdir=str(EXAMPLES / MISTAKES)))
    files = sorted(diagnostic.where.file for diagnostic in place.read_fleet().diagnostics)
    assert files == sorted(f"manifests/mistakes/{path.name}" for path in Path("manifests/mistakes").iterdir())
    assert len(files) == 20


def test_L35_the_mistakes_leave_the_fleet_beside_them_planned(state: State) -> None:
    plan = plan_of(MISTAKES, state)
    assert [(job.package, [str(site.site) for site in job.sites]) for job in plan.send_only_jobs] == [
        ("till-4", ["DE1", "EU1"])
    ]


@pytest.mark.parametrize("example", [*ALONE, *STEPWISE])
def test_validate_finds_nothing_wrong_in_an_example(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(("-C", str(EXAMPLES / example), "validate"))
    last = capsys.readouterr().out.splitlines()[-1]
    assert (code, last.split(",")[:2]) == (0, ["0 errors", " 0 warnings"])


@pytest.mark.parametrize("example", [*ALONE, *STEPWISE, MISTAKES])
def test_the_plan_as_yaml_is_a_stream_of_manifests_that_validate_accepts(
    example: str, state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = tmp_path / "stream.yaml"
    stream.write_text(plan_yaml(plan_of(example, state)), encoding="utf-8")
    right = "manifests/fleet" if example == MISTAKES else "manifests"
    code = run(("validate", right, str(stream)))
    assert (code, capsys.readouterr().out.splitlines()[-1].split(",")[0]) == (0, "0 errors")


def test_04_is_a_chain_of_three_regions_forty_shops_and_twelve_packages() -> None:
    fleet = Workplace(Options(chdir=str(EXAMPLES / "04-retail-chain"))).read_fleet().fleet
    shops = [site for site in fleet.sites if site.labels.get("kind") == "shop"]
    assert len(shops) == 40
    assert len({site.labels["region"] for site in shops}) == 3
    assert len(fleet.packages) == 12


def test_the_pipeline_of_the_teams_is_the_one_of_the_documentation() -> None:
    shown = (ROOT / "docs" / "how-to" / "pipelines" / "gitlab-ci.yaml").read_text("utf-8")
    assert (EXAMPLES / "09-teams" / ".gitlab-ci.yml").read_text("utf-8") == shown
