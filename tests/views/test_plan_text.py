"""The plan for people, to the letter of the contract of the command line."""

import re
import unicodedata
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given

from reconciler.model.acknowledgements import GuardName
from reconciler.model.names import JobName, SiteName
from reconciler.model.packages import SetupPart
from reconciler.model.plan import BlockReason, GapReason, JobVerdict, Plan, Verdict
from reconciler.model.quantities import Bytes
from reconciler.views.plan_text import plan_text
from tests.conftest import Golden
from tests.properties import tried
from tests.views import plans
from tests.views.hostile import HOSTILE, hostile_plan
from tests.views.strategies import plans as any_plan


@pytest.mark.parametrize("name", ["contract", "no_changes", "blocked", "changing", "refused", "large"])
def test_the_text_of_a_plan_is_as_it_was_looked_at(name: str, golden: Golden) -> None:
    golden(f"plan/{name}.txt", plan_text(getattr(plans, name)(), written=False))


def test_the_contracts_block_comes_out_to_the_letter() -> None:
    """But for `≤`, as no parcel is packed yet, and the line that says what ready means."""
    assert plan_text(plans.contract(), written=False) == (
        "git 3f9c2ab (main, clean): 14 sites, 3 packages, 3 jobs    state: sqlite, verified 2 min ago\n"
        "\n"
        'office-emea   for run "install" of office 4.20     4 of 8 sites not ready\n'
        "  ~ berlin-01    update   ≤ 38.4 MiB   has 4.19, wants 4.20                     now, under 1 min\n"
        "  + lyon-01      send      ≤ 1.2 GiB   no content, not set up for Workstation   19:00 CET, about 1 h 26 min\n"
        "  s warsaw-01    setup       2.1 KiB   content verified, setup is older         now\n"
        "  > vienna-01    running   ≤ 1.2 GiB   61 % since 15:40 CET, send-office-3fa9c1d2\n"
        "  = 4 sites ready\n"
        "cad-lab       for share of cad 9.1                 1 of 3 sites not ready: blocked\n"
        "  ! oslo-lab     held                  suspended since 2026-11-20 by anna: disk replacement"
        "   resume: reconcile resume site/oslo-lab\n"
        "  = 2 sites ready\n"
        'tills-nordic  for run "install" of till 2.7        ready (11 of 11 sites)\n'
        "\n"
        "Plan p-2476925d: 2 send-only jobs to 3 sites (≤ 1.2 GiB), 1 already running; 1 pair blocked.\n"
        "Jobs: 1 ready, 1 ready after this plan (today about 20:26 CET), 1 blocked.\n"
        "A ready job is one whose run could start: we stage and prove, the sites' own tools distribute and run.\n"
        "Nothing was written.   Submit: reconcile   Details: reconcile explain office-emea/lyon-01\n"
    )


def test_nothing_to_do_is_one_line() -> None:
    text = plan_text(plans.no_changes(), written=False)
    assert text.splitlines()[1:] == ["No changes. All 3 jobs are ready (22 of 22 pairs, oldest verification 5 days)."]


def test_pairs_in_flight_or_blocked_are_no_change() -> None:
    stuck = [
        plans.pair("office", "DE1", Verdict.BLOCKED, reason=BlockReason.UNKNOWN),
        plans.pair("office", "FR1", Verdict.IN_FLIGHT),
    ]
    jobs = [plans.job("office-emea", JobVerdict.WAITING, package="office", sites=["DE1", "FR1"], ready=0)]
    lines = plan_text(plans.plan(jobs, stuck), written=False).splitlines()
    assert "No changes: 1 already queued or running; 1 pair blocked." in lines
    assert lines[-1] == "Nothing was written.   Details: reconcile explain office-emea/DE1"


def test_a_plan_without_jobs_says_so() -> None:
    text = plan_text(plans.plan([], [], sites=1), written=False)
    assert text.splitlines()[1:] == ["No changes. There is no job."]


def test_a_recorded_plan_offers_no_submission() -> None:
    last = plan_text(plans.contract(), written=True).splitlines()[-1]
    assert last == "Recorded.   Details: reconcile explain office-emea/lyon-01"


def test_a_refused_plan_names_value_limit_and_place_of_each_guard_and_the_two_ways_on() -> None:
    lines = plan_text(plans.refused(), written=True).splitlines()
    start = lines.index("Refused: 2 guards are tripped, nothing of this plan is recorded.")
    assert lines[start + 1].split("   ")[0] == "  ! changedPackages"
    for told in ("66.7%", "limit 30%", "reconciler.yaml spec.guards.changedPackages"):
        assert told in lines[start + 1]
    assert lines[start + 4 : start + 7] == [
        "Narrow it:  --site, --package or --job NAME|GLOB",
        "Or let it pass:  reconcile acknowledge p-2476925d changedPackages --reason TEXT",
        "Or let it pass:  reconcile acknowledge p-2476925d bytes --reason TEXT",
    ]
    assert lines[-1].startswith("Nothing was written.")
    assert "Submit" not in lines[-1]


def test_empty_manifests_cannot_be_narrowed() -> None:
    guard = plans.guard(GuardName.EMPTY_MANIFESTS, "refuse", "empty", tripped=True)
    text = plan_text(plans.plan([], [], guards=(guard,)), written=False)
    assert "Narrow it" not in text
    assert "bring the manifests back" in text
    assert "acknowledge" in text


def test_a_partial_plan_says_so_and_submits_with_the_same_options() -> None:
    text = plan_text(plans.changing(), written=False)
    assert "Partial: only package=office, site=*; outside of it nothing is sent, cancelled or removed." in text
    assert "Submit: reconcile --package office --site '*' " in text


def test_a_plan_of_broken_manifests_says_what_it_leaves_alone() -> None:
    told = "1 error in the manifests: this is the plan of the valid objects."
    assert (
        f"{told} Nothing is made obsolete or removed meanwhile."
        in plan_text(plans.refused(), written=False).splitlines()
    )


@pytest.mark.parametrize(
    ("reason", "also", "lacks", "said"),
    [
        (
            GapReason.CONTENT_MISSING,
            (GapReason.SETUP_MISSING,),
            ("workstation",),
            "no content, not set up for Workstation",
        ),
        (GapReason.CONTENT_MISSING, (), (), "no content"),
        (GapReason.SETUP_MISSING, (), ("workstation",), "content verified, not set up for Workstation"),
        (
            GapReason.SETUP_MISSING,
            (),
            ("sharing", "workstation"),
            "content verified, not set up for Sharing and Workstation",
        ),
        (GapReason.SETUP_MISSING, (), (), "content verified, not set up"),
        (GapReason.RECORD_ONLY, (), (), "a record, but no verified content"),
        (GapReason.CONTENT_DAMAGED, (), (), "content is damaged at the site"),
        (GapReason.SETUP_STALE, (), (), "content verified, setup is older"),
        (GapReason.CONTENT_STALE, (), (), "content is older"),
    ],
)
def test_Q134718_a_row_names_every_missing_facet(
    reason: GapReason, also: tuple[GapReason, ...], lacks: tuple[str, ...], said: str
) -> None:
    """FM01: never just that the type of the package is incorrect."""
    missing = plans.pair("office", "DE1", reason=reason, also=also, lacks=tuple(SetupPart(part) for part in lacks))
    jobs = [plans.job("office-emea", JobVerdict.WAITING, package="office", sites=["DE1"], ready=0)]
    row = plan_text(plans.plan(jobs, [missing]), written=False).splitlines()[3]
    assert re.split(" {3,}", row)[2] == said


def test_rows_come_in_the_order_of_their_symbols() -> None:
    text = plan_text(plans.changing(), written=False)
    symbols = [line[2] for line in text.split("share")[0].splitlines() if re.match(r"  [!~+s>=-] ", line)]
    assert symbols == sorted(symbols, key="!-~+s>=".index)


def test_a_plan_for_2000_sites_and_12_jobs_stays_below_60_lines() -> None:
    assert len(plan_text(plans.large(), written=False).splitlines()) < 60


def test_show_all_unfolds_every_site() -> None:
    text = plan_text(plans.large(), show_all=True, written=False)
    assert len(re.findall(r"^  \+ shop-", text, flags=re.MULTILINE)) == 1979 + 59


def test_more_than_20_rows_fold_into_one_line_per_symbol_and_reason() -> None:
    rows = {
        index: plans.pair("office", f"s{index:02}", bytes=Bytes(100), parent=SiteName("EU1" if index % 3 else "US1"))
        for index in range(21)
    }
    jobs = [
        plans.job("office-emea", JobVerdict.WAITING, package="office", sites=[f"s{n:02}" for n in range(21)], ready=0)
    ]
    twenty = plan_text(plans.plan(jobs, list(rows.values())[:20]), written=False)
    folded = plan_text(plans.plan(jobs, list(rows.values())), written=False)
    assert twenty.count("\n  + ") == 20
    assert "\n  + 21 sites  send ≤ 100 B each (≤ 2.1 KiB)  EU1 14, US1 7  now\n" in folded


def test_blocked_rows_fold_last() -> None:
    text = plan_text(plans.large(), written=False)
    first, second = text.split("roll-out-00")[1], text.split("roll-out-01")[1].split("roll-out-02")[0]
    assert "\n  ! 21 sites  held  " in first
    assert second.count("\n  ! shop-") == 6
    assert second.count("\n  ~ 494 sites  ") == 1


def test_many_jobs_are_told_together() -> None:
    jobs, pairs = [], []
    for number in range(60):
        name, package = f"job-{number:02}", f"p-{number:02}"
        jobs.append(plans.job(name, JobVerdict.WAITING, package=package, sites=["DE1"], ready=0))
        pairs.append(plans.pair(package, "DE1", bytes=Bytes(10), for_jobs=(JobName(name),)))
        jobs.append(plans.job(f"r-{name}", JobVerdict.READY, package="office", sites=["FR1", "DE1"], ready=2))
    text = plan_text(plans.plan(jobs, pairs), written=False)
    assert "and 20 jobs more, see --show all     20 pairs\n  + 20 pairs  send ≤ 10 B each (≤ 200 B)  now\n" in text
    assert "\n= 60 jobs ready (120 of 120 pairs)\n" in text
    assert len(plan_text(plans.plan(jobs, pairs), written=False, show_all=True).splitlines()) > 180


def test_a_pair_that_two_jobs_need_counts_once() -> None:
    text = plan_text(plans.changing(), written=False)
    assert "\n  ~ newer      update                   as under install\n" in text
    assert "2 send-only jobs to 4 sites (≤ 3.0 MiB)" in text


def test_a_site_with_two_packages_is_one_site_and_two_pairs() -> None:
    jobs = [plans.job(name, JobVerdict.WAITING, package=name, sites=["DE1"], ready=0) for name in ("a", "b")]
    pairs = [plans.pair(name, "DE1", for_jobs=(JobName(name),), bytes=Bytes(10)) for name in ("a", "b")]
    assert "2 send-only jobs to 1 site (2 pairs, ≤ 20 B)." in plan_text(plans.plan(jobs, pairs), written=False)


def test_nothing_is_told_by_colour_alone() -> None:
    plain = plan_text(plans.refused(), written=False)
    painted = plan_text(plans.refused(), written=False, color=True)
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain
    assert "\x1b" not in plain


def test_wide_names_keep_the_columns_aligned() -> None:
    jobs = [plans.job("office-emea", JobVerdict.WAITING, package="office", sites=["東京", "DE1"], ready=0)]
    pairs = [plans.pair("office", "東京"), plans.pair("office", "DE1")]
    rows = [line for line in plan_text(plans.plan(jobs, pairs), written=False).splitlines() if line.startswith("  +")]
    assert rows == ["  + DE1     send  0 B   no content   now", "  + 東京    send  0 B   no content   now"]


def test_no_line_ends_in_a_space() -> None:
    for name in ("contract", "no_changes", "blocked", "changing", "refused", "large"):
        for line in plan_text(getattr(plans, name)(), written=False, show_all=True).splitlines():
            assert line == line.rstrip()


@pytest.mark.parametrize("text", HOSTILE)
def test_strings_of_data_reach_the_terminal_harmless(text: str) -> None:
    """Names, versions, labels, reasons, guards: everywhere at once, one by one and folded."""
    for many in (1, 25):
        tame, wild = hostile_plan("x", many), hostile_plan(text, many)
        shown = plan_text(wild, written=False)
        categories = {unicodedata.category(character) for character in shown.replace("\n", "")}
        assert categories.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
        assert len(shown.splitlines()) == len(plan_text(tame, written=False).splitlines())


@tried(25)
@given(any_plan())
def test_every_printed_total_is_the_sum_of_its_rows(plan: Plan) -> None:
    for show_all in (False, True):
        text = plan_text(plan, written=False, show_all=show_all)
        rows, sizes = _counted(text)
        assert rows["!"] == plan.summary.blocked
        assert rows["~"] + rows["+"] + rows["s"] == plan.summary.missing
        assert rows[">"] == plan.summary.in_flight
        assert rows["="] == plan.summary.ready
        assert sizes == sum(job.bytes for job in plan.send_only_jobs)
        told = re.search(r"send-only jobs? to .*?\((?:[\d,]+ pairs?, )?(?:≤ )?([\d,]+) B\)", text)
        assert (int(told[1]) if told else 0) == sizes
        blocked = re.search(r"[;:] ([\d,]+) pairs? blocked\.", text)
        assert (int(blocked[1]) if blocked else 0) == plan.summary.blocked


def _counted(text: str) -> tuple[Counter[str], int]:
    """Rows by symbol, and the bytes of those that are sent; what another block counts is left out."""
    counted: Counter[str] = Counter()
    sizes = 0
    whole = "\nNo changes." in text and "\n\n" not in text
    for line in re.sub(r"\n(Refused|Guards): .*?\n\n", "\n", text, flags=re.DOTALL).splitlines():
        ready = re.search(r" ready \((\d+) of " if whole else r"     ready \((\d+) of ", line)
        if ready:
            counted["="] += int(ready[1])
        row = re.match(r"  ([!~+s>=]) (.*)", line)
        if row is None or "as under j" in row[2]:
            continue
        folded = re.match(r"([\d,]+) (?:sites?|pairs?) ", row[2])
        counted[row[1]] += int(folded[1]) if folded else 1
        size = re.search(r"\((?:≤ )?(\d+) B\)" if folded and " each (" in row[2] else r" (\d+) B", row[2])
        if row[1] in "~+s" and size:
            sizes += int(size[1])
    return counted, sizes


def test_a_ready_job_lists_its_sites_only_when_everything_is_asked_for() -> None:
    ready = plans.pair("office", "DE1", Verdict.READY, reason=None, wants="4.20")
    jobs = [plans.job("office-emea", JobVerdict.READY, package="office", sites=["DE1"], ready=1)]
    whole = replace(plans.plan(jobs, []), pairs=(ready,))
    assert "\n  = DE1    ready  holds 4.20\n" in plan_text(whole, written=False, show_all=True)
    assert "DE1" not in plan_text(whole, written=False)
