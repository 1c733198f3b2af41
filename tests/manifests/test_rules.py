"""The rules across objects, as YAML cases in tests/cases/fleet."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.manifests.documents import Declared
from reconciler.manifests.schemas import is_valid
from reconciler.model.packages import Content, SourceProblem
from tests.manifests.fleets import F, at, content, declared, resolved

CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in sorted((Path(__file__).parent.parent / "cases" / "fleet").glob("*.yaml"))
    for case in yaml.safe_load(file.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any]) -> None:
    given, expect = case["given"], case["expect"]
    declarations = given_declarations(given)
    for one in declarations.declarations:
        assert is_valid(one.document.kind.lower(), {"apiVersion": "reconciler/v1", **one.document.body}), one.name
    result = resolved(declarations, {name: given_content(name, one) for name, one in given.get("contents", {}).items()})
    fleet = result.fleet

    expected = expect.get("diagnostics", [])
    found = [
        {
            "severity": one.severity.value,
            "code": one.code,
            "at": at(one.where),
            "path": one.path,
            "message": one.message,
            "hint": one.hint,
        }
        for one in result.diagnostics
    ]
    compared = [
        {key: one[key] for key in wanted} for one, wanted in zip(found, expected, strict=len(found) == len(expected))
    ]
    assert compared == expected, found
    assert len(found) == len(expected), found

    reached = {f"Site/{one.name}" for one in fleet.sites}
    reached |= {f"Package/{one.name}" for one in fleet.packages}
    reached |= {f"Job/{one.name}" for one in fleet.jobs}
    all_of_them = [f"{one.document.kind}/{one.name}" for one in declarations.declarations]
    assert sorted(set(all_of_them) - reached) == sorted(expect.get("left_out", []))
    assert fleet.whole == (not expect.get("left_out") and not given.get("broken"))

    for name, sites in expect.get("required", {}).items():
        assert list(fleet.names(fleet.jobs_by_name[name].required)) == sites
    for name, targets in expect.get("targets", {}).items():
        assert [list(fleet.names(target.sites)) for target in fleet.jobs_by_name[name].targets] == targets


def given_declarations(given: dict[str, Any]) -> Declared:
    texts = [] if given.get("alone") else [F]
    read = declared(*texts, given.get("manifests", ""), broken=given.get("broken", ()))
    without = given.get("without", [])
    kept = tuple(one for one in read.declarations if f"{one.document.kind}/{one.name}" not in without)
    return Declared(declarations=kept, diagnostics=(), broken=read.broken)


def given_content(name: str, given: dict[str, Any]) -> Content | SourceProblem:
    if "problem" in given:
        return SourceProblem(**given["problem"])
    return content(name, **given)
