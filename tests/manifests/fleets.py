"""Builds what `resolve` takes: declarations from YAML text with true places or from plain values, and contents."""

import hashlib
from array import array
from collections.abc import Iterable, Mapping
from textwrap import dedent
from typing import Any

import yaml

from reconciler.manifests.documents import Declaration, Declared, Document, nodes_of
from reconciler.manifests.resolving.fleet import Resolved, resolve, sources_of
from reconciler.model.diagnostics import Where
from reconciler.model.names import Digest, PackageName
from reconciler.model.packages import Content, SourceProblem
from reconciler.model.quantities import Bytes

# The six sites, the package and the job of the cases from SMS (fixture F).
F = """
apiVersion: reconciler/v1
kind: Site
metadata: {name: HQ1, labels: {region: hq}}
spec: {address: {type: directory, path: /srv/hq1}}
---
apiVersion: reconciler/v1
kind: Site
metadata: {name: EU1, labels: {region: emea}}
spec: {parent: HQ1, address: {type: directory, path: /srv/eu1}}
---
apiVersion: reconciler/v1
kind: Site
metadata: {name: DE1, labels: {region: emea, country: de, link: dsl}}
spec:
  type: secondary
  parent: EU1
  address: {type: directory, path: /srv/de1}
  domains: {PLANT: [PC01, PC02]}
---
apiVersion: reconciler/v1
kind: Site
metadata: {name: FR1, labels: {region: emea, country: fr, link: satellite}}
spec:
  type: secondary
  parent: EU1
  address: {type: directory, path: /srv/fr1}
  domains: {OFFICE: [PC07]}
---
apiVersion: reconciler/v1
kind: Site
metadata: {name: US1, labels: {region: amer}}
spec: {parent: HQ1, address: {type: directory, path: /srv/us1}}
---
apiVersion: reconciler/v1
kind: Site
metadata: {name: NY1, labels: {region: amer, country: us}}
spec: {type: secondary, parent: US1, address: {type: directory, path: /srv/ny1}, domains: {PLANT: [PC01]}}
---
apiVersion: reconciler/v1
kind: Package
metadata: {name: HQ100001}
spec:
  origin: HQ1
  source: {type: directory, path: /payload/till}
  setups:
    workstation:
      commands: [{name: install, run: setup.exe /quiet}]
---
apiVersion: reconciler/v1
kind: Job
metadata: {name: till-de}
spec:
  package: HQ100001
  command: install
  site: EU1
  targets: [{names: [DE1]}]
"""


def declared(*texts: str, broken: Iterable[str] = ()) -> Declared:
    """What YAML texts declare; an object of a later text replaces those of its kind and name in earlier ones.

    F stands in `F.yaml`, another text in `given.yaml`, a further one in `given-2.yaml`.
    """
    found: dict[tuple[str, str], list[Declaration]] = {}
    number = 0
    for text in texts:
        number += text is not F
        file = "F.yaml" if text is F else "given.yaml" if number == 1 else f"given-{number}.yaml"
        here: dict[tuple[str, str], list[Declaration]] = {}
        for node in yaml.compose_all(dedent(text), Loader=yaml.SafeLoader):
            body, marks = _read(node)
            one = declaration(body, file=file, marks=marks)
            here.setdefault((one.document.kind, one.name), []).append(one)
        found |= here
    return Declared(
        declarations=tuple(one for group in found.values() for one in group), diagnostics=(), broken=tuple(broken)
    )


def declaration(body: Mapping[str, Any], *, file: str = "fleet.yaml", marks: "array[int] | None" = None) -> Declaration:
    """Without marks, everything stands in line 1."""
    return Declaration(
        document=Document(
            kind=body["kind"],
            name=body["metadata"]["name"],
            body=body,
            file=file,
            directory="/manifests",
            marks=marks if marks is not None else array("q", [1] * 2 * nodes_of(body)),
        ),
        spec=body["spec"],
    )


def obj(kind: str, name: str, labels: Mapping[str, str] | None = None, **spec: object) -> dict[str, Any]:
    metadata = {"name": name} | ({"labels": dict(labels)} if labels else {})
    return {"apiVersion": "reconciler/v1", "kind": kind, "metadata": metadata, "spec": spec}


def content(name: str, **changes: Any) -> Content:
    digest = Digest("sha256:" + hashlib.sha256(name.encode()).hexdigest())
    return Content(**{"digest": digest, "size": Bytes(1000), "files": 1, "real_path": f"/real/{name}"} | changes)


def resolved(declared: Declared, contents: Mapping[str, Content | SourceProblem] | None = None) -> Resolved:
    """The fleet, every source not mentioned in `contents` being readable and sound."""
    given: dict[PackageName, Content | SourceProblem] = {
        request.package: (contents or {}).get(request.package, content(request.package))
        for request in sources_of(declared)
    }
    return resolve(declared, given)


def at(where: Where) -> str:
    return f"{where.file}:{where.line}:{where.column}"


def codes(result: Resolved) -> list[str]:
    return [one.code for one in result.diagnostics]


def _read(node: yaml.Node) -> tuple[dict[str, Any], "array[int]"]:
    marks: array[int] = array("q")

    def value(node: yaml.Node) -> Any:
        marks.extend((node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.MappingNode):
            return {value(key): value(below) for key, below in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [value(below) for below in node.value]
        if node.style is not None:
            return node.value
        if node.value in ("true", "false"):
            return node.value == "true"
        return int(node.value) if node.value.isdigit() else node.value

    return value(node), marks
