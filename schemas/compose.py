"""Writes what the schema files have in common, so that each thing has one home: `python schemas/compose.py`.

Each file has to stand alone, as a `$ref` across files breaks other validators. So:

- a definition has its home in the first of site, package, job and config that has it, and is copied into the others;
- the patterns of names and quantities come from the code that reads them;
- `manifest` and the partial specs of the defaults in `config` are made from site, package and job.

A test asserts that the files are what this makes of them.
"""

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from reconciler.manifests import labels
from reconciler.model import names, quantities

Schema = dict[str, Any]

FOLDER = Path(__file__).parent
WRITTEN = ("site", "package", "job", "config")
KINDS = ("Site", "Package", "Job")

MACHINE = re.compile(f"{names.NAME.pattern}/{names.NAME.pattern}")
PATTERNS = {
    "name": names.NAME,
    "names": names.NAME,
    "machine": MACHINE,
    "machines": MACHINE,
    "digest": names.DIGEST,
    "labelKey": labels.KEY,
    "labelValue": labels.VALUE,
    "size": quantities.SIZE,
    "rate": quantities.RATE,
    "duration": quantities.DURATION,
    "share": quantities.SHARE,
}


def compose(written: Mapping[str, Schema]) -> dict[str, Schema]:
    """All five schemas, from the four that people write."""
    schemas = {name: deepcopy(written[name]) for name in WRITTEN}
    homes: Schema = {}
    for schema in schemas.values():
        homes = schema["$defs"] | homes
    for name, pattern in PATTERNS.items():
        homes[name]["pattern"] = f"^{pattern.pattern}$"
    kinds = {kind: schemas[kind.lower()] for kind in KINDS}
    partial = {f"{kind.lower()}Defaults": _partial(schema["$defs"]["spec"]) for kind, schema in kinds.items()}
    schemas["config"]["$defs"]["default"]["allOf"] = [
        _when(kind, {"spec": {"$ref": f"#/$defs/{kind.lower()}Defaults"}}) for kind in KINDS
    ]
    for schema in schemas.values():
        own = {name: body for name, body in schema["$defs"].items() if name == "spec"}
        used = homes | own | (partial if schema is schemas["config"] else {})
        schema["$defs"] = _needed(schema, used)
    return schemas | {"manifest": _manifest(kinds)}


def _manifest(kinds: Mapping[str, Schema]) -> Schema:
    """All kinds in one: `if` and `then` on `kind`, never `oneOf`, which answers one mistake with three messages."""
    definitions: Schema = {}
    for kind, schema in kinds.items():
        specs = {f"{kind.lower()}Spec": schema["$defs"]["spec"]}
        definitions |= specs | {name: body for name, body in schema["$defs"].items() if name != "spec"}
    root = deepcopy(kinds["Site"])
    return root | {
        "$id": "urn:reconciler:schema:manifest:v1",
        "title": "Manifest",
        "description": "A site, a package or a job.",
        "properties": root["properties"]
        | {
            "kind": {
                "title": "Kind",
                "description": "What kind of object this is.",
                "enum": list(KINDS),
                "examples": list(KINDS),
            },
            "spec": {
                "title": "Specification",
                "description": "What the object is; its fields depend on the kind.",
                "type": "object",
                "examples": [
                    example for schema in kinds.values() for example in schema["properties"]["spec"]["examples"]
                ],
            },
        },
        "allOf": [_when(kind, {"spec": {"$ref": f"#/$defs/{kind.lower()}Spec"}}) for kind in KINDS],
        "$defs": definitions,
    }


def _when(kind: str, properties: Schema) -> Schema:
    return {"if": {"required": ["kind"], "properties": {"kind": {"const": kind}}}, "then": {"properties": properties}}


def _partial(schema: Schema) -> Schema:
    """The schema with nothing required; entries of lists stay whole, as lists are replaced, not merged."""
    parts: Schema = {}
    for key, value in schema.items():
        if key in ("required", "minProperties"):
            continue
        if key == "properties":
            parts[key] = {name: _partial(below) if isinstance(below, dict) else below for name, below in value.items()}
        elif key in ("then", "else"):
            parts[key] = _partial(value)
        else:
            parts[key] = deepcopy(value)
    return parts


def _needed(schema: Schema, known: Mapping[str, Schema]) -> Schema:
    """The definitions that the schema refers to, each before those it refers to itself."""
    needed: Schema = {}
    waiting = _references({key: value for key, value in schema.items() if key != "$defs"})
    while waiting:
        name = waiting.pop(0)
        if name not in needed:
            needed[name] = deepcopy(known[name])
            waiting += _references(needed[name])
    return needed


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"].removeprefix("#/$defs/")] if "$ref" in value else []
        return own + [name for below in value.values() for name in _references(below)]
    if isinstance(value, list):
        return [name for below in value for name in _references(below)]
    return []


def read() -> dict[str, Schema]:
    """The schemas that people write, as they are now."""
    return {name: json.loads(_file(name).read_text(encoding="utf-8")) for name in WRITTEN}


def text_of(schema: Schema) -> str:
    """One spelling: indented by two spaces, ended by a line break."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _file(name: str) -> Path:
    return FOLDER / f"{name}.v1.schema.json"


def main() -> None:
    """Write all schemas anew."""
    for name, schema in compose(read()).items():
        _file(name).write_text(text_of(schema), encoding="utf-8")


if __name__ == "__main__":
    main()
