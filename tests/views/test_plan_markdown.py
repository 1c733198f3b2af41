"""The plan as a comment on a pull request: complete or cut by name, and deaf to what its data says."""

import re
from dataclasses import replace

import pytest

from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.names import JobName, SiteName
from reconciler.model.plan import BlockReason, JobVerdict, Verdict
from reconciler.views.plan_markdown import LONGEST, code, fenced, plan_markdown
from tests.conftest import Golden
from tests.views import plans
from tests.views.hostile import HOSTILE, hostile_plan

FENCED = re.compile(r"^(`{3,})text\n.*?\n\1$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")


def outside_of_code(markdown: str) -> str:
    """What a reader of Markdown takes for text or markup."""
    return SPAN.sub("", re.sub(r"<code>[^<>]*</code>", "", FENCED.sub("", markdown)))


@pytest.mark.parametrize("name", ["contract", "no_changes", "changing", "refused", "large"])
def test_the_comment_is_as_it_was_looked_at(name: str, golden: Golden) -> None:
    golden(f"plan/{name}.md", plan_markdown(getattr(plans, name)()))


@pytest.mark.parametrize("text", HOSTILE)
def test_data_stands_in_code_alone(text: str) -> None:
    """No markup, no mention, no link: none of it is read inside code."""
    for many in (1, 25):
        markdown = plan_markdown(hostile_plan(text, many))
        assert "EVIL" in markdown
        rest = outside_of_code(markdown)
        assert "EVIL" not in rest
        assert "@" not in rest
        assert set(re.findall(r"<[^>]*>", rest)) <= {"<details>", "<summary>", "</summary>", "</details>"}


@pytest.mark.parametrize("text", ["a", "`", "``a`", "a`", "`a", "x ``` y", "|"])
def test_a_code_span_is_longer_than_any_run_of_backticks_in_it(text: str) -> None:
    span = code(text)
    fence = re.match("`+", span)
    assert fence is not None
    assert span.startswith(fence[0])
    assert span.endswith(fence[0])
    inner = span[len(fence[0]) : -len(fence[0])]
    assert inner.strip(" ") == text
    assert fence[0] not in re.findall("`+", inner)


def test_a_fence_is_longer_than_any_run_of_backticks_in_it() -> None:
    assert fenced(["```", "a ````` b"]).splitlines()[0] == "``````text"


def test_what_does_not_fit_is_counted() -> None:
    jobs, pairs = [], []
    for number in range(400):
        name, package = f"job-{number:03}", f"package-{number:03}"
        jobs.append(plans.job(name, JobVerdict.BLOCKED, package=package, sites=["DE1"], ready=0))
        blocked = {"reason": BlockReason.UNKNOWN, "detail": "x" * 1000, "for_jobs": (JobName(name),)}
        pairs.append(plans.pair(package, "DE1", Verdict.BLOCKED, **blocked))
    markdown = plan_markdown(plans.plan(jobs, pairs))
    shown = markdown.count("<details>")
    assert 0 < shown < 400
    assert markdown.endswith(f"\nTruncated: {400 - shown} sections not shown; the whole plan: `reconcile plan`.\n")
    assert markdown.count("</details>") == shown
    assert len(markdown) < LONGEST


def test_very_many_diagnostics_and_very_long_names_stay_within_the_limit() -> None:
    long = "`&<" * 2000
    diagnostics = tuple(Diagnostic(code="x", message=long, where=Where(long, line, 1)) for line in range(900))
    jobs = [plans.job(long, JobVerdict.WAITING, package=long, sites=["DE1"], ready=0)]
    plan = plans.plan(jobs, [plans.pair(long, "DE1", for_jobs=(JobName(long),), parent=SiteName(long))])
    markdown = plan_markdown(replace(plan, diagnostics=diagnostics))
    assert "850 diagnostics more, see: reconcile validate" in markdown
    assert len(markdown) < LONGEST
