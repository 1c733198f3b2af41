"""docs/reference/manifests.md has a row for each field of the schemas, with what they say of it, and no other rows."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from reconciler.manifests.schemas import schema_of
from reconciler.model.names import RESERVED
from reconciler.model.settings import Guards

from .pages import page, quoted, rows, sections
from .schema_walk import fields_of

PARTS = sections(page("manifests.md"), 2)
SECTIONS = {"site": "Site", "package": "Package", "job": "Job", "config": "reconciler.yaml"}
BY_REFERENCE = {"site": (), "package": (), "job": ("spec.except[].",), "config": ("spec.defaults[].spec.",)}
"""Fields that the page tells by pointing to others of the same names."""

Row = tuple[str, ...]


def table(section: str) -> dict[str, Row]:
    return {quoted(row[0])[0]: row for row in rows(PARTS[section])}


def described(kind: str) -> Iterator[tuple[str, Row | None, Mapping[str, Any], bool]]:
    """Each field of a kind's spec: its path, its row, its schema, and whether it is required."""
    known = table(SECTIONS[kind])
    for field in fields_of(schema_of(kind)):
        if field.path.startswith("spec.") and not field.path.startswith(BY_REFERENCE[kind]):
            yield field.path, known.get(field.path), field.schema, field.required


@pytest.mark.parametrize("kind", SECTIONS)
def test_every_field_has_a_row_and_every_row_a_field(kind: str) -> None:
    assert list(table(SECTIONS[kind])) == list(dict.fromkeys(path for path, *_ in described(kind)))


@pytest.mark.parametrize("kind", SECTIONS)
def test_each_row_has_the_words_of_the_schema(kind: str) -> None:
    wrong = [path for path, row, schema, _ in described(kind) if row is None or schema["description"] not in row[3]]
    assert wrong == []


@pytest.mark.parametrize("kind", SECTIONS)
def test_each_row_has_the_default_or_says_required(kind: str) -> None:
    told = {path: row[2] for path, row, _, _ in described(kind) if row is not None}
    assert told == {
        path: "required" if required else f"`{_typed(schema['default'])}`" if "default" in schema else ""
        for path, _, schema, required in described(kind)
    }


def _typed(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("kind", SECTIONS)
def test_each_row_names_the_words_and_bounds_of_the_schema(kind: str) -> None:
    for path, row, schema, _ in described(kind):
        values = "" if row is None else row[1]
        assert set(schema.get("enum", ())) <= set(quoted(values)), path
        if "maximum" in schema:
            assert f"{schema['minimum']:,} to {schema['maximum']:,}" in values, path


@pytest.mark.parametrize("kind", SECTIONS)
def test_each_row_has_the_example_of_the_schema_as_one_would_type_it(kind: str) -> None:
    for path, row, schema, _ in described(kind):
        assert row is not None
        assert yaml.safe_load(row[4].strip("`")) == schema["examples"][0], path


@pytest.mark.parametrize("kind", SECTIONS)
def test_fields_of_every_object_are_told_once(kind: str) -> None:
    shared = [field.path for field in fields_of(schema_of(kind)) if not field.path.startswith("spec.")]
    assert list(table("Every object")) == shared


def test_what_is_told_by_reference_has_the_same_fields() -> None:
    job = {field.path for field in fields_of(schema_of("job"))}
    targets = {path for path in job if path.startswith("spec.targets[].")}
    assert {
        path.replace("spec.except[]", "spec.targets[]") for path in job if path.startswith("spec.except[].")
    } == targets
    specs = {
        field.path
        for kind in ("site", "package", "job")
        for field in fields_of(schema_of(kind))
        if field.path.startswith("spec.")
    }
    laid = {field.path.removeprefix("spec.defaults[].") for field in fields_of(schema_of("config"))}
    assert {path for path in laid if path.startswith("spec.") and path in specs} == specs


def test_defaults_of_the_guards_are_told() -> None:
    guards = Guards()
    shares = {guard.share for guard in (guards.changed_packages, guards.cancellations, guards.heals)}
    assert shares == {30.0}
    assert "The default of `share` is `30%` for each guard" in PARTS["reconciler.yaml"]
    assert (guards.changed_packages.start, guards.cancellations.start, guards.heals.start) == (5, 10, 10)
    assert "`5` for `changedPackages` and `10` for `cancellations` and `heals`" in PARTS["reconciler.yaml"]


def test_reserved_names_are_told() -> None:
    row = next(row for row in rows(PARTS["Names and quantities"]) if row[0] == "name")
    told = {word for word in quoted(row[1]) if word.isalnum()}
    ends = {f"{port}{n}" for port in ("COM", "LPT") for n in (1, 9)}
    assert told == {name for name in RESERVED if not name[-1].isdigit()} | ends
