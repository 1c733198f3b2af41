import re

import pytest

from reconciler.planning.audit import audit

from .cases import Case, Words, cases, scope_of, world_of

CASES = tuple(cases())
ARTICLE = re.compile(r"\bQ\d{6}\b|\bFM\d\d\b|\bevents? \d+")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file.removesuffix('.yaml')}: {case.name}")
def test_case(case: Case) -> None:
    world = world_of(case.given)
    scope = scope_of(case.given, world)
    plan = world.plan(scope=scope)
    words = Words(plan, world).told(case.expect)
    nothing = {"sends": [], "cancel": [], "update": [], "remove": {}}
    assert words == nothing | case.expect, case.because
    assert world.plan(scope=scope) == plan
    assert audit(plan, world.fleet(), world.snapshot(), guards=world.guards) == ()


def test_every_case_says_why_and_has_a_name_of_its_own() -> None:
    assert all(len(case.because) > 20 for case in CASES)
    assert len({case.name for case in CASES}) == len(CASES)


def test_there_are_sixty_cases_and_thirty_cite_an_article() -> None:
    assert len(CASES) >= 60
    assert sum(bool(ARTICLE.search(case.because)) for case in CASES) >= 30
