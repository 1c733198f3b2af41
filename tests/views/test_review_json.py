"""A review as JSON: as its schema and its reference say, and of the same shape as the plans it compares."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from reconciler.planning.review import review
from reconciler.views.plan_json import plan_json
from reconciler.views.review_json import review_json
from tests.conftest import Golden
from tests.properties import tried
from tests.views import plans, reviews
from tests.views.schema_keys import keys, paths, schema_of, table, untitled
from tests.views.strategies import plans as any_plan

SCHEMA = schema_of("review")
REFERENCE = Path(__file__).parents[2] / "docs/reference/review.md"
START, END = "<!-- keys -->\n", "<!-- end of keys -->\n"
TOLD_BY_PLANS = {"line", "desiredJob", "guard"}
SMALL = ["release", "mixed", "nothing", "refused", "acting", "mending"]


def saved(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(review_json(reviews.EVERY[name]())))
    return document


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ["mixed", "acting"])
def test_the_json_of_a_review_is_as_it_was_looked_at(name: str, golden: Golden) -> None:
    golden(f"review/{name}.json", json.dumps(saved(name), indent=2) + "\n")


@pytest.mark.parametrize("name", [*SMALL, "many_jobs"])
def test_every_review_is_as_the_schema_says(name: str) -> None:
    assert list(Draft202012Validator(SCHEMA).iter_errors(saved(name))) == []


@tried(12)
@given(any_plan(), any_plan())
def test_a_review_of_any_two_plans_is_as_the_schema_says(before: plans.Plan, after: plans.Plan) -> None:
    document = json.loads(json.dumps(review_json(review(reviews.BASE, before=before, after=after))))
    assert list(Draft202012Validator(SCHEMA).iter_errors(document)) == []


def test_the_schema_speaks_of_pairs_jobs_guards_and_diagnostics_as_that_of_plans_does() -> None:
    plan = schema_of("plan")["$defs"]
    mine = SCHEMA["$defs"]
    assert mine["guard"] == plan["guard"]
    assert mine["diagnostic"] == plan["diagnostic"]
    line, pair = mine["line"]["properties"], plan["pair"]["properties"]
    assert {key: line[key] for key in line if key not in ("verdict", "priority", "revision")} == {
        key: pair[key] for key in pair if key not in ("verdict", "package", "site")
    }
    desired, job = mine["desiredJob"]["properties"], plan["job"]["properties"]
    assert desired == {key: job[key] for key in job if key != "name"}


def test_a_line_has_the_keys_of_the_pair_in_the_plan() -> None:
    review = reviews.mixed()
    lyon = next(pair for pair in saved("mixed")["pairs"] if pair["site"] == "lyon-01")
    planned = next(
        pair for pair in json.loads(json.dumps(plan_json(review.after)))["pairs"] if pair["site"] == "lyon-01"
    )
    assert lyon["after"] == {key: planned[key] for key in planned if key not in ("package", "site")} | {
        "priority": "medium",
        "revision": {"content": plans.digest("a"), "setup": plans.digest("b")},
    }


def test_the_reference_explains_each_key_as_the_schema_does(request: pytest.FixtureRequest) -> None:
    """`pytest --update-golden` writes the table anew."""
    text = REFERENCE.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    expected = f"{before}{START}{table(SCHEMA, told_elsewhere=TOLD_BY_PLANS)}{END}{after}"
    if request.config.getoption("--update-golden"):
        REFERENCE.write_text(expected, encoding="utf-8", newline="\n")
    assert REFERENCE.read_text(encoding="utf-8") == expected


def test_every_key_that_is_written_has_a_title_and_a_description_in_the_schema() -> None:
    explained = {path for path, _, _ in keys(SCHEMA, told_elsewhere=TOLD_BY_PLANS)}
    elsewhere = (
        "pairs[].before.",
        "pairs[].after.",
        "jobs[].before.",
        "jobs[].after.",
        "guards[].before.",
        "guards[].after.",
    )
    written = {path for name in SMALL for path in paths(saved(name)) if not path.startswith(elsewhere)}
    assert written == explained
    assert not list(untitled(SCHEMA))
