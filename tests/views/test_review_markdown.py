"""The review as a comment: found again by its marker, deaf to what its data says, never too long to be posted."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.names import JobName, SiteName
from reconciler.model.plan import BlockReason, JobVerdict, Plan, Verdict
from reconciler.model.review import Base, Taken
from reconciler.planning.review import review
from reconciler.views.plan_markdown import LONGEST, plan_markdown
from reconciler.views.review_markdown import MARKER, review_markdown
from tests.conftest import Golden
from tests.properties import tried
from tests.views import plans, reviews
from tests.views.hostile import HOSTILE, hostile_plan
from tests.views.strategies import plans as any_plan
from tests.views.test_plan_markdown import outside_of_code

TAGS = {"<details>", "<summary>", "</summary>", "</details>", MARKER}


@pytest.mark.parametrize("name", reviews.EVERY)
def test_the_comment_is_as_it_was_looked_at(name: str, golden: Golden) -> None:
    golden(f"review/{name}.md", review_markdown(reviews.EVERY[name]()))


@pytest.mark.parametrize("name", reviews.EVERY)
def test_the_first_line_is_the_marker_and_there_is_no_other(name: str) -> None:
    told = review_markdown(reviews.EVERY[name]())
    assert told.splitlines()[0] == MARKER
    assert told.count(MARKER) == 1


@pytest.mark.parametrize("text", [*HOSTILE, f"{MARKER} EVIL", "/close\n/merge EVIL"])
def test_data_stands_in_code_alone(text: str) -> None:
    """No markup, no mention, no link, no second marker and none of GitLab's commands at the head of a line."""
    base = Base(revision=text, commit=reviews.MAIN, taken=Taken.MERGE_BASE)
    for before, after in ((plans.contract(), hostile_plan(text, 2)), (hostile_plan(text, 25), plans.contract())):
        told = review_markdown(reviews.review(before, after, base))
        assert "EVIL" in told
        rest = outside_of_code(told)
        assert "EVIL" not in rest
        assert "@" not in rest
        assert set(re.findall(r"<[^>]*>", rest)) <= TAGS
        assert [line for line in told.splitlines() if line.startswith((MARKER, "/"))] == [MARKER]


def crowded(number: int, *, text: str) -> Plan:
    """A plan of this many blocked jobs, each with long explanations."""
    jobs, pairs = [], []
    for index in range(number):
        name, package = f"job-{index:03}", f"package-{index:03}"
        jobs.append(plans.job(name, JobVerdict.BLOCKED, package=package, sites=["DE1"], ready=0))
        fields = {"reason": BlockReason.UNKNOWN, "detail": text, "for_jobs": (JobName(name),)}
        pairs.append(plans.pair(package, "DE1", Verdict.BLOCKED, **fields))
    return plans.plan(jobs, pairs)


def test_what_does_not_fit_is_counted() -> None:
    told = review_markdown(review(reviews.BASE, before=plans.plan([], []), after=crowded(400, text="x" * 1000)))
    shown = told.count("<details>")
    assert 0 < shown < 400
    rest = f"\nTruncated: {400 - shown} sections not shown; the whole review: `reconcile plan --base REVISION`.\n"
    assert told.endswith(rest)
    assert told.count("</details>") == shown
    assert len(told) < LONGEST


LONG = st.builds(
    lambda text, times: text * times,
    st.sampled_from(["`", "&", "<", "a", "é", "\n", "\x1b", "`&<", "</details>", "\U0001f600", "|"]),
    st.sampled_from([1, 500, 5000]),
)


@tried(8)
@given(any_plan(), LONG, st.sampled_from([0, 60, 400]), st.sampled_from([0, 30, 900]))
def test_whatever_the_size_it_stays_under_60000_characters(plan: Plan, text: str, jobs: int, mistakes: int) -> None:
    """The comment of a plan and that of a review; GitHub counts 65,536, GitLab more."""
    long = crowded(jobs, text=text)
    diagnostics = tuple(Diagnostic(code="x", message=text, where=Where(text, line, 1)) for line in range(mistakes))
    odd = plans.plan(
        [*long.jobs, plans.job(text, JobVerdict.WAITING, package=text, sites=[text], ready=0, purpose=text)],
        [*long.pairs, plans.pair(text, text, for_jobs=(JobName(text),), parent=SiteName(text), detail=text)],
        filters=(f"site={text}",),
        diagnostics=diagnostics,
        source=replace(plan.source, branch=text),
    )
    base = Base(revision=text, commit=reviews.MAIN, taken=Taken.UNRELATED)
    assert len(plan_markdown(odd)) < 60_000
    for before, after in ((plan, odd), (odd, plan)):
        assert len(review_markdown(review(base, before=before, after=after))) < 60_000
