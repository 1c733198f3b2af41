"""The stream of Job manifests."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.views.manifests import manifest_of
from reconciler.views.plan_yaml import plan_yaml, scalar
from tests.conftest import Golden
from tests.views import plans
from tests.views.hostile import HOSTILE, hostile_plan

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/job.v1.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["contract", "no_changes"])
def test_the_stream_of_a_plan_is_as_it_was_looked_at(name: str, golden: Golden) -> None:
    golden(f"plan/{name}.yaml", plan_yaml(getattr(plans, name)()))


def test_the_stream_says_what_the_json_says() -> None:
    plan = plans.large()
    assert list(yaml.safe_load_all(plan_yaml(plan))) == [manifest_of(job, plan.source) for job in plan.send_only_jobs]


def test_every_document_is_a_job_as_its_schema_says() -> None:
    documents = list(yaml.safe_load_all(plan_yaml(plans.contract())))
    assert [list(Draft202012Validator(SCHEMA).iter_errors(document)) for document in documents] == [[], []]


def test_a_send_only_job_has_the_send_phase_alone() -> None:
    manifest = manifest_of(plans.contract().send_only_jobs[0], plans.contract().source)
    assert manifest["spec"] == {
        "package": "office",
        "site": "HQ1",
        "targets": [{"names": ["berlin-01", "lyon-01"]}],
        "phases": ["send"],
        "priority": "medium",
    }


def test_no_jobs_is_one_comment_line() -> None:
    text = plan_yaml(plans.no_changes())
    assert text.startswith("# p-")
    assert text.count("\n") == 1
    assert list(yaml.safe_load_all(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        *("no", "On", "y", "NULL", "~", "=", "<<", "1.10", "0123", "1e3", "12:30:45", "0x1F", ".inf", "2026-11-24"),
        *("@a", "`a", "%a", "!a", "&a", "*a", "[a", "{a", '"a', "'a", "|", ">", "?", "- a", "a: b", "a #b", " a", ""),
        "sha256:a",
    ],
)
def test_a_string_that_some_reader_takes_for_something_else_is_quoted(text: str) -> None:
    assert scalar(text) == json.dumps(text)


@given(st.text())
def test_any_string_reads_back_the_same(text: str) -> None:
    assert yaml.safe_load(f"key: {scalar(text)}") == {"key": text}
    assert scalar(text).isprintable()


@pytest.mark.parametrize("text", HOSTILE)
def test_strings_of_data_cannot_add_to_the_stream(text: str) -> None:
    assert plan_yaml(hostile_plan(text, 1)).count("\n") == 1
