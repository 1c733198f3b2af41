"""The JSON Schemas that come with the package, and what they say of a value.

jsonschema is the rule and writes the messages; it takes a tenth of a second to import and milliseconds a document.
jsonschema-rs (extra `fast`), where it is installed, only answers "valid", and then nothing else is asked.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

KINDS = ("site", "package", "job", "config", "manifest", "plan", "review", "receipt")


@cache
def schema_text(kind: str) -> str:
    """The schema of one of `KINDS` as it is published."""
    package = files("reconciler")
    folder = package / "schemas" if (package / "schemas").is_dir() else package / ".." / "schemas"
    return (folder / f"{kind}.v1.schema.json").read_text(encoding="utf-8")


@cache
def schema_of(kind: str) -> Mapping[str, Any]:
    """The schema of one of `KINDS`; not to be changed."""
    schema: Mapping[str, Any] = json.loads(schema_text(kind))
    return schema


def is_valid(kind: str, body: Any) -> bool:
    """Whether the schema of the kind accepts the value."""
    return _accepts(kind)(body) or validator(kind).is_valid(body)


@cache
def validator(kind: str) -> "Validator":
    """The validator that writes the messages. It fetches nothing: every reference is local (reliability.md 9)."""
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415 - see above
    from referencing import Registry  # noqa: PLC0415

    own = {"pattern": _pattern, "uniqueItems": _unique}
    strict: Any = validators.extend(Draft202012Validator, own)  # type: ignore[no-untyped-call]  # untyped in its stubs
    made: Validator = strict(_inlined(schema_of(kind), schema_of(kind).get("$defs", {})), registry=Registry())
    return made


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema with its references written out: twice as fast, and each part has its own title and examples."""
    if isinstance(schema, list):
        return [_inlined(below, definitions) for below in schema]
    if not isinstance(schema, Mapping):
        return schema
    whole = {key: _inlined(below, definitions) for key, below in schema.items() if key not in ("$ref", "$defs")}
    if "$ref" not in schema:
        return whole
    return _inlined(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions) | whole


@cache
def _accepts(kind: str) -> Callable[[object], bool]:
    """A quick way to know that a value is valid; its "no" means "ask the other one"."""
    try:
        import jsonschema_rs  # noqa: PLC0415
    except ImportError:
        return lambda _: False
    quick = jsonschema_rs.Draft202012Validator(schema_text(kind))

    def accepts(body: object) -> bool:
        try:
            return quick.is_valid(body)
        except ValueError:  # a value that is no JSON: it was reported already
            return False

    return accepts


@cache
def whole(pattern: str) -> re.Pattern[str]:
    """Python's `$` also matches before a final line break, which would let `LON\\n` pass (reliability.md 9)."""
    return re.compile(f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern)


def _pattern(_: "Validator", pattern: str, instance: object, __: object) -> "Iterator[ValidationError]":
    if isinstance(instance, str) and not whole(pattern).search(instance):
        yield _error(f"{instance!r} does not match {pattern!r}")


def _unique(_: "Validator", wanted: bool, instance: object, __: object) -> "Iterator[ValidationError]":  # noqa: FBT001
    """One error for each repeated string, at its place; in linear time, whatever else is in the list."""
    if not wanted or not isinstance(instance, list):
        return
    seen: set[str] = set()
    for index, item in enumerate(instance):
        if isinstance(item, str):
            if item in seen:
                yield _error(f"{item!r} stands twice", path=[index])
            seen.add(item)


def _error(message: str, path: Iterable[str | int] = ()) -> "ValidationError":
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415

    return ValidationError(message, path=path)
