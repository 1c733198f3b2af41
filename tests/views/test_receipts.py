"""Receipts as JSON are what their schema says, and docs/reference/receipt.md explains each key in its words."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from reconciler.manifests import schemas
from reconciler.model.holdings import Receipt
from reconciler.views.receipts import receipt_json, receipt_text
from tests.builders import receipt

REFERENCE = Path(__file__).parents[2] / "docs/reference/receipt.md"
START, END = "<!-- keys -->\n", "<!-- end of keys -->\n"

RECEIPTS = [receipt("till-4@DE1", "D1 S1", 42, version="4.20"), receipt("till-4@DE1", "D1 -")]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schemas.schema_of("receipt"))


@pytest.mark.parametrize("one", RECEIPTS)
def test_what_is_written_is_what_the_schema_says_no_more_and_no_less(one: Receipt) -> None:
    written = json.loads(json.dumps(receipt_json(one)))
    assert schemas.is_valid("receipt", written)
    assert list(written) == schemas.schema_of("receipt")["required"]
    assert written.keys() == schemas.schema_of("receipt")["properties"].keys()


def test_a_receipt_without_number_or_digest_is_none() -> None:
    written = receipt_json(RECEIPTS[0])
    for key, value in (
        ("number", 0),
        ("content", "sha256:beef"),
        ("setup", ""),
        ("kind", "Record"),
        ("verifier", None),
    ):
        assert not schemas.is_valid("receipt", written | {key: value})


def test_a_receipt_in_a_line_names_digests_time_verifier_and_proof() -> None:
    assert receipt_text(RECEIPTS[1]) == (
        f"content {RECEIPTS[1].held.content}, setup none; verified 2026-11-24T15:02:00Z by worker-1@hq, read-back"
    )


def test_the_reference_explains_each_key_as_the_schema_does(request: pytest.FixtureRequest) -> None:
    """`pytest --update-golden` writes the table anew."""
    text = REFERENCE.read_text(encoding="utf-8")
    expected = f"{text.split(START)[0]}{START}{table()}{END}{text.split(END)[1]}"
    if request.config.getoption("--update-golden"):
        REFERENCE.write_text(expected, encoding="utf-8", newline="\n")
    assert REFERENCE.read_text(encoding="utf-8") == expected


def table() -> str:
    keys = schemas.schema_of("receipt")["properties"]
    rows = [f"| `{name}` | {_type(body)} | {body['description']} |" for name, body in keys.items()]
    return "\n".join(["", "| key | value | meaning |", "| --- | --- | --- |", *rows, "", ""])


def _type(body: dict[str, object]) -> str:
    if "const" in body:
        return f"`{json.dumps(body['const'])}`"
    if "anyOf" in body:
        return "digest or null"
    forms = {"#/$defs/digest": "digest", "#/$defs/instant": "time"}
    return forms[str(body["$ref"])] if "$ref" in body else str(body["type"])
