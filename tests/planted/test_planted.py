"""Each planted bug can still be planted, and names a test that exists; `pytest -m long` plants them all."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.planted.bugs import ROOT, Bug, bugs
from tests.planted.catching import catch, run

BUGS = bugs()
PAGE = ROOT / "docs/explanation/how-faults-are-tested.md"


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_patch_applies_and_its_test_exists(bug: Bug) -> None:
    assert bug.apply(ROOT, "--check") == ""
    assert bug.why.endswith(".")
    assert bug.test_name in _tests_of(bug.test_file)


def test_the_page_lists_each_bug_and_their_number() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"{len(BUGS)} planted bugs" in text
    assert [bug.name for bug in BUGS if f"`{bug.name}`" not in text] == []


@pytest.mark.long
def test_each_planted_bug_is_caught_by_its_test(tmp_path: Path) -> None:
    assert run(sorted({bug.test for bug in BUGS}))[0] == 0
    missed = {result.bug.name: result.said for result in catch(BUGS, tmp_path) if not result.caught}
    assert missed == {}


def _tests_of(file: str) -> set[str]:
    """The functions of a module and of the suites that its classes are made of."""
    suites = ("tests/conformance/sender.py", "tests/conformance/state.py", "tests/conformance/carrying_out.py")
    return set().union(*(_functions_of(name) for name in (file, *suites)))


@cache
def _functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
