"""One YAML document, read and valid by its schema, with the place of everything in it kept for messages."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.manifests.owners import Owners
from reconciler.model.diagnostics import Diagnostic, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`body` is what was typed: mappings, lists, strings, integers, decimals and booleans.

    `marks` holds line and column, from 1, of each node of the body in the order in which they stand (a mapping, then
    for each entry its key and its value): two numbers a node instead of an object, as few are ever asked for.
    """

    kind: str
    name: str
    body: Mapping[str, object]
    file: str
    directory: str
    marks: "array[int]"

    def where(self, *path: str | int, key: bool = False) -> Where:
        """The place of the value at `path`, or of its key; of its nearest parent where `path` is not in the body."""
        node: int = 0
        value: object = self.body
        found = 0
        for step in path:
            below = _step_into(value, node, step)
            if below is None:
                break
            node_of_key, node, value = below
            found = node_of_key if key and step == path[-1] else node
        return Where(self.file, self.marks[2 * found], self.marks[2 * found + 1])


def _step_into(value: object, node: int, step: str | int) -> tuple[int, int, object] | None:
    """Node of the key, node of the value, and the value that `step` leads to; None if it leads nowhere."""
    node += 1
    if isinstance(value, dict):
        for key, below in value.items():
            if key == step:
                return node, node + 1, below
            node += 1 + nodes_of(below)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            if index == step:
                return node, node, below
            node += nodes_of(below)
    return None


def nodes_of(value: object) -> int:
    """How many nodes a value is made of, itself included."""
    count = 1
    if isinstance(value, dict):
        count += len(value)
        value = value.values()
    elif not isinstance(value, list):
        return 1
    for below in value:
        count += 1 if isinstance(below, str) else nodes_of(below)
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A document with the defaults of the settings laid under it, valid by the schema of its kind.

    `spec` is the merged spec; `address.path` and `source.path` are absolute in it: a relative path refers to the folder
    of the file it is written in, the manifest's or, for a default, the settings'.
    """

    document: Document
    spec: Mapping[str, object]

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def path(self) -> str:
        """The absolute path of its file."""
        return f"{self.document.directory}/{self.document.file.rsplit('/', 1)[-1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """All that the manifests declare, each valid by itself; nothing is resolved yet.

    `declarations` is sorted by kind, name, place. `broken` are the files something was left out of, sorted: a
    name that cannot be found may stand in one of them. `empty`: no file held a document (the guard `emptyManifests`).
    `owners` say whose each file is, None where nobody owns any.
    """

    declarations: tuple[Declaration, ...]
    diagnostics: tuple[Diagnostic, ...]
    broken: tuple[str, ...] = ()
    empty: bool = False
    owners: Owners | None = None
