"""The plan for programs: as its schema says, and read back as the same plan."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from reconciler.model.plan import GapReason, Plan, Verdict
from reconciler.views.plan_json import check_saved, plan_from_json, plan_json
from tests.conftest import Golden
from tests.properties import tried
from tests.views import plans
from tests.views.strategies import plans as any_plan

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/plan.v1.schema.json").read_text(encoding="utf-8"))
NAMES = ["contract", "no_changes", "blocked", "changing", "refused"]

Document = dict[str, Any]


def saved(plan: Plan) -> Document:
    """The document as a program reads it from a file."""
    document: Document = json.loads(json.dumps(plan_json(plan)))
    return document


def wrong(document: Document) -> list[ValidationError]:
    return list(Draft202012Validator(SCHEMA).iter_errors(document))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", NAMES)
def test_the_json_of_a_plan_is_as_it_was_looked_at(name: str, golden: Golden) -> None:
    golden(f"plan/{name}.json", json.dumps(plan_json(getattr(plans, name)()), indent=2) + "\n")


@pytest.mark.parametrize("name", [*NAMES, "large"])
def test_every_plan_is_as_the_schema_says_and_reads_back_the_same(name: str) -> None:
    plan = getattr(plans, name)()
    assert wrong(saved(plan)) == []
    assert plan_from_json(saved(plan)) == plan


@tried(25)
@given(any_plan())
def test_L7_any_plan_reads_back_the_same_and_writes_the_same_bytes(plan: Plan) -> None:
    document = saved(plan)
    assert plan_from_json(document) == plan
    assert json.dumps(plan_json(plan_from_json(document))) == json.dumps(plan_json(plan))
    assert wrong(document) == []


def test_lists_are_sorted_whatever_order_the_plan_has() -> None:
    plan = plans.changing()
    turned = replace(
        plan,
        pairs=plan.pairs[::-1],
        jobs=plan.jobs[::-1],
        cancellations=plan.cancellations[::-1],
        send_only_jobs=plan.send_only_jobs[::-1],
        filters=plan.filters[::-1],
    )
    assert plan_json(turned) == plan_json(plan)


def test_ready_pairs_are_in_it_only_when_everything_is_asked_for() -> None:
    ready = plans.pair("office", "DE1", Verdict.READY, reason=None)
    plan = replace(plans.no_changes(), pairs=(ready,))
    assert plan_json(plan)["pairs"] == []
    assert [pair["site"] for pair in json.loads(json.dumps(plan_json(plan, show_all=True)))["pairs"]] == ["DE1"]


def test_unknown_keys_and_later_minor_versions_are_read() -> None:
    document = saved(plans.changing())
    document |= {"formatVersion": "1.7", "later": [1]}
    document["pairs"][0]["later"] = {"a": 1}
    document["sendOnlyJobs"][0]["manifest"]["spec"]["later"] = True
    assert plan_from_json(document) == plans.changing()
    assert wrong(document) == []


def test_R10_another_major_version_is_refused_by_name() -> None:
    document = saved(plans.contract()) | {"formatVersion": "2.0"}
    assert check_saved(document) == ("formatVersion: is 2.0, but only versions 1.x can be read",)
    with pytest.raises(ValueError, match=r"formatVersion: is 2\.0"):
        plan_from_json(document)
    assert wrong(document) != []


def _set(*path: str | int, to: object) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


def _drop(*path: str | int) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


SEND = ("sendOnlyJobs", 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set(*SEND, "numbers", 0, to=41), "sendOnlyJobs[0].key: is not the key of this action"),
        (_set(*SEND, "priority", to="high"), "sendOnlyJobs[0].key: is not the key of this action"),
        (_set(*SEND, "name", to="send-office-00000000"), "sendOnlyJobs[0].name: is not the name of this action"),
        (_set(*SEND, "key", to="0" * 64), "sendOnlyJobs[0].key: is not the key of this action"),
        (
            _set(*SEND, "manifest", "spec", "site", to="EU1"),
            "sendOnlyJobs[0].manifest: is not the manifest of this action",
        ),
        (_set(*SEND, "bytes", to=1), "summary.bytes: is 3146628, but the plan has 901"),
        (_set("cancellations", to=[]), "id: is p-0ccbf1da, but the actions are those of p-"),
        (_set("updates", 0, "priority", to="low"), "id: is p-0ccbf1da, but the actions are those of p-"),
        (_set("removals", 0, "packages", 0, to="other"), "id: is p-0ccbf1da, but the actions are those of p-"),
        (_set("id", to="p-00000000"), "id: is p-00000000, but the actions are those of p-0ccbf1da"),
        (_set("refused", to=True), "refused: does not follow from the rest of the plan"),
        (_set("hasChanges", to=False), "hasChanges: does not follow from the rest of the plan"),
        (_set("scope", "filters", to=[]), "scope.partial: does not follow from the rest of the plan"),
        (_set("summary", "required", to=5), "summary.required: is 5, but the plan has 10"),
        (_set("kind", to="Job"), 'kind: is not "Plan"'),
        (_drop("kind"), "kind: is missing"),
        (_drop("pairs", 2, "route"), "pairs[2].route: is missing"),
        (_set(*SEND, "sites", 0, to="../x"), "sendOnlyJobs[0].sites[0]: is not a name"),
        (_set(*SEND, "sites", 0, to="x\n"), "sendOnlyJobs[0].sites[0]: is not a name"),
        (_set(*SEND, "numbers", to=[1]), "sendOnlyJobs[0].numbers: has 1 items for 3 sites"),
        (_set(*SEND, "versions", to=[]), "sendOnlyJobs[0].versions: has 0 items for 3 sites"),
        (_set(*SEND, "endpoints", to=[]), "sendOnlyJobs[0].endpoints: has 0 items for 3 sites"),
        (_set(*SEND, "numbers", 0, to=-1), "sendOnlyJobs[0].numbers[0]: is not a whole number from 0 on"),
        (_set(*SEND, "numbers", 0, to=True), "sendOnlyJobs[0].numbers[0]: is not a whole number from 0 on"),
        (_set(*SEND, "numbers", 0, to=2**63), "sendOnlyJobs[0].numbers[0]: is not a whole number from 0 on"),
        (_set(*SEND, "mode", to="content\n"), "sendOnlyJobs[0].mode: is none of content, setup-only"),
        (_set(*SEND, "priority", to="urgent"), "sendOnlyJobs[0].priority: is none of low, medium, high"),
        (_set(*SEND, "revision", "setup", to="sha256:1"), "sendOnlyJobs[0].revision.setup: is not a digest"),
        (_set("pairs", 0, "timezone", to="../../etc/passwd"), "pairs[0].timezone: is no time zone known here"),
        (_set("pairs", 0, "reason", to="because"), "pairs[0].reason: is none of unknown, suspended, "),
        (_set("createdAt", to="2026-11-24T16:02:00"), "createdAt: is not a time such as 2026-12-02T05:00:00Z"),
        (_set("refused", to=0), "refused: is not true or false"),
        (_set("jobs", to={}), "jobs: is not a list"),
        (_set("summary", to=[]), "summary: is not an object"),
        (_set("source", "fleetDigest", to=None), "source.fleetDigest: is not a string"),
    ],
)
def test_a_saved_plan_that_was_changed_is_refused_and_says_where(change: Callable[[Document], None], said: str) -> None:
    document = deepcopy(saved(plans.changing()))
    change(document)
    assert any(message.startswith(said) for message in check_saved(document))
    with pytest.raises(ValueError, match=r".") as refused:
        plan_from_json(document)
    assert said in str(refused.value)


def test_R1_two_sends_to_one_pair_are_refused() -> None:
    document = saved(plans.contract())
    document["sendOnlyJobs"].append(document["sendOnlyJobs"][0])
    told = "sendOnlyJobs[2].sites: has a site that another send-only job of office has too"
    assert told in check_saved(document)


@pytest.mark.parametrize("document", [None, [], "Plan", 1, {}])
def test_what_is_no_plan_is_refused(document: object) -> None:
    assert len(check_saved(document)) == 1


def test_the_keys_of_the_contract_are_all_there() -> None:
    """What readers were promised; more may stand beside it."""
    document = saved(plans.changing())
    promised = {
        "sendOnlyJobs": "name package origin mode priority revision sites bytes forJobs manifest",
        "pairs": "package site verdict reason also sendOnlyJob forJobs route bytes earliest estimatedSeconds sourceRef",
        "jobs": "name verdict package site requiredSites ready blockers",
        "cancellations": "sendOnlyJob sites reason",
        "updates": "sendOnlyJob sites priority",
        "removals": "site packages",
        "guards": "name limit value tripped",
        "diagnostics": "severity code message file line column path hint",
    }
    for name, keys in promised.items():
        assert set(keys.split()) <= set(document[name][0]), name


def test_every_reason_has_its_place_in_the_schema() -> None:
    reasons = set(SCHEMA["$defs"]["pair"]["properties"]["reason"]["enum"]) - {None}
    assert {reason.value for reason in GapReason} < reasons
