"""The schemas as data: what they promise their readers, and that both engines read them alike."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.manifests import schemas
from reconciler.manifests.declaring.wording import FORMS
from reconciler.manifests.parsing.text import read_text
from schemas.compose import compose, read, text_of
from tests.manifests.test_files import ACCEPTED, REFUSED

OURS = ("site", "package", "job", "config", "manifest")


def parts_of(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema, itself included."""
    if isinstance(schema, dict):
        yield schema
        for key, below in schema.items():
            if key in ("properties", "$defs"):
                for one in below.values():
                    yield from parts_of(one)
            elif key not in ("examples", "enum", "const", "default"):
                yield from parts_of(below)
    elif isinstance(schema, list):
        for below in schema:
            yield from parts_of(below)


def documents(files: list[Any]) -> list[dict[str, Any]]:
    return [
        parsed.body for file in files for parsed in read_text(file.read_bytes(), file.name).documents if parsed.sound
    ]


BODIES = documents([*ACCEPTED, *REFUSED])


@pytest.mark.parametrize("name", OURS)
def test_the_committed_file_is_what_compose_makes_of_it(name: str) -> None:
    assert schemas.schema_text(name) == text_of(compose(read())[name]), "run: python schemas/compose.py"


@pytest.mark.parametrize("kind", OURS)
def test_a_schema_is_valid_and_stands_alone(kind: str) -> None:
    schema = schemas.schema_of(kind)
    Draft202012Validator.check_schema(schema)
    references = {part["$ref"] for part in parts_of(schema) if "$ref" in part}
    assert references == {f"#/$defs/{name}" for name in schema["$defs"]}


@pytest.mark.parametrize("kind", OURS)
def test_every_property_has_title_description_and_examples(kind: str) -> None:
    bare = [
        name
        for part in parts_of(schemas.schema_of(kind))
        for name, below in part.get("properties", {}).items()
        if not {"title", "description", "examples"} <= below.keys()
        and not below.keys() <= {"const", "enum", "not", "contains", "items", "$ref"}  # a condition, not a field
    ]
    assert bare == []


@pytest.mark.parametrize("kind", OURS)
def test_every_object_refuses_fields_it_does_not_know(kind: str) -> None:
    open_ones = [
        part.get("title", part)
        for part in parts_of(schemas.schema_of(kind))
        if part.get("type") == "object" and "properties" in part
        if part.get("additionalProperties", part.get("unevaluatedProperties")) is not False
    ]
    assert open_ones == []


@pytest.mark.parametrize("kind", OURS)
def test_examples_and_defaults_are_valid(kind: str) -> None:
    schema = schemas.schema_of(kind)
    for part in parts_of(schema):
        own = {"$defs": schema["$defs"], **{key: value for key, value in part.items() if key != "$defs"}}
        for example in [*part.get("examples", []), *([part["default"]] if "default" in part else [])]:
            assert list(Draft202012Validator(own).iter_errors(example)) == []


@pytest.mark.parametrize("kind", OURS)
def test_patterns_mean_the_same_in_all_engines(kind: str) -> None:
    """Anchored, without classes that some engines read as Unicode, nothing that can backtrack without bound.

    So what repeats without bound is a class at the end, or parts that each begin with a dot, which is in none of them.
    """
    for part in parts_of(schemas.schema_of(kind)):
        pattern = part.get("pattern")
        if pattern is None:
            continue
        assert pattern[0] == "^"
        assert pattern[-1] == "$"
        bounded = re.sub(r"\[[^]]*\]\+(?=\)?\$$)|\(\\\.[^.+*]*\)\*", "x", pattern)
        without_classes = re.sub(r"\[[^]]*\]", "x", bounded[1:-1].replace("\\.", "x"))
        assert not re.search(r"[\\.+*]|\(\?", without_classes), pattern
        assert not re.search(r"\\[^rn]", pattern.replace("\\.", "")), pattern
        while "(" in without_classes:
            without_classes = re.sub(r"\([^()]*\)", "", without_classes)
        assert "|" not in without_classes, pattern


def test_each_form_has_a_definition_and_words() -> None:
    known = {name for kind in OURS for name in schemas.schema_of(kind)["$defs"]}
    texts = {name for kind in OURS for name, body in schemas.schema_of(kind)["$defs"].items() if "pattern" in body}
    assert set(FORMS) <= known
    assert texts == set(FORMS)


@pytest.mark.parametrize("body", BODIES)
def test_manifest_says_the_same_as_the_schema_of_the_kind(body: dict[str, Any]) -> None:
    kind = str(body.get("kind")).lower()
    if kind in ("site", "package", "job"):
        assert schemas.is_valid("manifest", body) == schemas.is_valid(kind, body)
    else:
        assert not schemas.is_valid("manifest", body)


@cache
def quick_validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schemas.schema_text(kind))


def engines_agree(kind: str, body: Any) -> bool:
    """Whether the body is valid, once both engines say so."""
    quick = quick_validator(kind).is_valid(body)
    assert schemas.validator(kind).is_valid(body) is quick
    return quick


@pytest.mark.parametrize("body", BODIES)
def test_both_engines_give_one_verdict(body: dict[str, Any]) -> None:
    for kind in OURS:
        engines_agree(kind, body)


TEXTS = """a LON -a A/B A/B/C 22:00 24:00 10GiB 0s 1.5Mbit/s 100.5% Europe/Berlin high send run directory sftp parent In
    Exists share-package-on-server example.org/a 2026-12-02T05:00:00Z file:/x env:X sqlite:///x \u0661 \u00e9 \u212a"""
LONG = ("a" * 63, "a" * 64, "1" * 400, f"{'a' * 300}/a", f"sha256:{'a' * 64}")
OTHER = (None, True, False, 0, 1, -1, 1.0, 1.5, 2**53, [], {}, [1, 1], ["a", "a"], {"a": "b"}, {"a\n": "b"})
WORDS = (*TEXTS.split(), *LONG)
ODD = st.sampled_from([*OTHER, "", *WORDS, *(f"{text}\n" for text in WORDS), *(f" {text}" for text in WORDS)]).map(
    deepcopy
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A body of the files, with a few values replaced, removed, added or doubled."""
    body = json.loads(json.dumps(draw(st.sampled_from(BODIES))))
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = body
        while True:
            below = list(holder.values()) if isinstance(holder, dict) else holder
            deeper = [one for one in below if isinstance(one, dict | list) and one]
            if not deeper or draw(st.integers(0, 3)) == 0:
                break
            holder = draw(st.sampled_from(deeper))
        if isinstance(holder, dict):
            key = draw(st.sampled_from([*holder, "extra", "type", "phases", "a\n"]))
            if draw(st.booleans()):
                holder[key] = draw(ODD)
            else:
                holder.pop(key, None)
        elif draw(st.booleans()):
            holder.append(draw(ODD))
        else:
            holder.append(holder[0])
    return dict(body)


@settings(max_examples=400)
@given(mutated())
def test_both_engines_give_one_verdict_on_mutated_documents(body: dict[str, Any]) -> None:
    kind = str(body.get("kind")).lower()
    engines_agree(kind if kind in OURS else "site", body)


LEAST = {"apiVersion": "reconciler/v1", "kind": "Site", "metadata": {"name": "A"}, "spec": {}}


def test_a_document_is_judged_without_the_quick_engine_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "_accepts", lambda _: lambda _: False)
    assert schemas.is_valid("site", LEAST)
    assert not schemas.is_valid("site", {**LEAST, "status": {}})
