"""The fields of a JSON Schema, by path: `spec.windows[].from`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One property; `schema` with what it refers to laid under it."""

    path: str
    schema: Mapping[str, Any]
    required: bool


def fields_of(schema: Mapping[str, Any]) -> list[Field]:
    """Each property that has a title, once, in the order of the schema."""
    found: dict[str, Field] = {}
    for field in _beneath(schema, schema, ""):
        found.setdefault(field.path, field)
    return list(found.values())


def _beneath(node: Mapping[str, Any], whole: Mapping[str, Any], path: str) -> Iterator[Field]:
    node = _resolved(node, whole)
    for name, value in node.get("properties", {}).items():
        held = _resolved(value, whole)
        here = f"{path}.{name}" if path else name
        if "title" in held:
            yield Field(path=here, schema=held, required=name in node.get("required", ()))
        yield from _beneath(held, whole, here)
    if "items" in node:
        yield from _beneath(node["items"], whole, f"{path}[]")
    for part in (*node.get("allOf", ()), *(node[word] for word in ("then", "else") if word in node)):
        yield from _beneath(part, whole, path)


def _resolved(node: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        target: Any = whole
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node
