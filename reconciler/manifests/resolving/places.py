"""Where things stand in one document, however many are asked for.

`Document.where` walks from the top each time: right for one question, quadratic for a list of 10,000 unknown names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.manifests.documents import Document, nodes_of
from reconciler.model.diagnostics import Where


@dataclass(frozen=True, slots=True)
class _Node:
    number: int
    value: object


class Places:
    """Each mapping and list that a question leads through is measured once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._top = _Node(0, document.body)
        self._below: dict[int, dict[str | int, _Node]] = {}

    def where(self, *path: str | int) -> Where:
        """The place of the value at `path`; of its nearest parent where `path` is not in the document."""
        node = self._follow(path)[-1]
        marks = self._document.marks
        return Where(self._document.file, marks[2 * node.number], marks[2 * node.number + 1])

    def has(self, *path: str | int) -> bool:
        """Whether `path` is written in the document; otherwise a default put it there."""
        return len(self._follow(path)) > len(path)

    def _follow(self, path: Iterable[str | int]) -> list[_Node]:
        """The nodes from the top as far as the document goes."""
        nodes = [self._top]
        for step in path:
            below = self._children(nodes[-1]).get(step)
            if below is None:
                break
            nodes.append(below)
        return nodes

    def _children(self, node: _Node) -> Mapping[str | int, _Node]:
        children = self._below.get(node.number)
        if children is None:
            children = self._below[node.number] = dict(_children(node))
        return children


def _children(node: _Node) -> "list[tuple[str | int, _Node]]":
    number = node.number + 1
    children: list[tuple[str | int, _Node]] = []
    if isinstance(node.value, dict):
        for key, value in node.value.items():
            children.append((key, _Node(number + 1, value)))
            number += 1 + nodes_of(value)
    elif isinstance(node.value, list):
        for index, value in enumerate(node.value):
            children.append((index, _Node(number, value)))
            number += nodes_of(value)
    return children
