"""Writing a pin into the text of a manifest: `spec.source.digest`, and every other byte as it was.

A manifest is its author's: comments, order, quoting, indentation and line endings stay. So nothing is written out
anew; a few characters are replaced at the place the parser tells, and the result is parsed again: it must say the
same as before, and the pin.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.manifests.declaring.defaults import reaches
from reconciler.manifests.documents import Declaration, Document
from reconciler.manifests.parsing.text import read_text
from reconciler.model.names import Digest, PackageName

_LINE_END = re.compile(r"\r\n|\r|\n|\Z")
_BLOCK = ("|", ">")
_SOURCE = ("spec", "source", "path")


class CannotPin(Exception):
    """The pin cannot be put there by changing a few characters; the text says why."""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Characters from `start` to before `end` give way to `text`."""

    start: int
    end: int
    text: str


class Manifest:
    """The text of one file, and where the documents in it begin."""

    def __init__(self, data: bytes) -> None:
        self._text = _text(data)
        self._documents = {_place(root.event): root for root in _documents(data)}

    def pin(self, declaration: Declaration, digest: Digest) -> Edit:
        """How the document that declares a package gets its pin; raises CannotPin."""
        source = self._source(declaration.document)
        if source is None:
            raise CannotPin("its source stands in a default of the settings")
        if source.event.__class__ is AliasEvent:
            raise CannotPin("its source is an alias")
        if source.event.anchor is not None:
            raise CannotPin("its source has an anchor, so what is written there may hold elsewhere too")
        present = source.entry("digest")
        if present is not None:
            return _replacing(present[1], digest)
        if reaches(declaration.spec, ("source", "digest")):
            raise CannotPin("its digest stands in a default of the settings")
        path = source.entry("path")
        if path is None:
            raise CannotPin("the path of its source stands in a default of the settings")
        return _inserting(source, *path, self._text, digest)

    def _source(self, document: Document) -> "_Node | None":
        """The value of `spec.source` as it stands in the document itself; None if it does not."""
        place = document.where()
        spec = self._documents[place.line, place.column].entry("spec")
        source = None if spec is None else spec[1].entry("source")
        return None if source is None else source[1]


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The file with these edits, none of which overlap."""
    text, before = _text(data), data[: len(data) - len(data.removeprefix(b"\xef\xbb\xbf"))]
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return before + text.encode()


def check_edited(before: bytes, after: bytes, pins: Mapping[PackageName, Digest]) -> None:
    """Raise CannotPin unless the file says the same as before but for the pins; package → its digest."""
    was, now = read_text(before, ""), read_text(after, "")
    same = [mistake.code for mistake in was.mistakes] == [mistake.code for mistake in now.mistakes]
    if not same or [_pinned(parsed.body, pins) for parsed in was.documents] != [
        parsed.body for parsed in now.documents
    ]:
        raise CannotPin("more than the pin would change there")


def _pinned(body: dict[str, Any], pins: Mapping[PackageName, Digest]) -> dict[str, Any]:
    if body.get("kind") != "Package" or not reaches(body, ("metadata", "name")) or not reaches(body, _SOURCE):
        return body
    digest = pins.get(body["metadata"]["name"])
    if digest is None:
        return body
    spec = body["spec"]
    return {**body, "spec": {**spec, "source": {**spec["source"], "digest": digest}}}


@dataclass(frozen=True, slots=True)
class _Node:
    """A value as libyaml tells of it, its first event and the mark after its last; `entries` if it is a mapping."""

    event: Any
    end: Any
    entries: "tuple[tuple[_Node, _Node], ...]" = ()

    def entry(self, key: str) -> "tuple[_Node, _Node] | None":
        """Key and value."""
        return next((entry for entry in self.entries if getattr(entry[0].event, "value", None) == key), None)


def _place(event: Any) -> tuple[int, int]:
    """Line and column as people count."""
    return event.start_mark.line + 1, event.start_mark.column + 1


def _documents(data: bytes) -> Iterator[_Node]:
    get = CParser(data).get_event
    while (event := get()).__class__ is not StreamEndEvent:
        if event.__class__ in (MappingStartEvent, SequenceStartEvent, ScalarEvent):
            yield _node(event, get)


def _node(event: Any, get: Any) -> _Node:
    """The caps on depth and size were held when the file was read."""
    if event.__class__ is MappingStartEvent:
        entries = []
        while (key := get()).__class__ is not MappingEndEvent:
            entries.append((_node(key, get), _node(get(), get)))
        return _Node(event, key.end_mark, tuple(entries))
    if event.__class__ is SequenceStartEvent:
        while (item := get()).__class__ is not SequenceEndEvent:
            _node(item, get)
        return _Node(event, item.end_mark)
    return _Node(event, event.end_mark)


def _replacing(present: _Node, digest: Digest) -> Edit:
    """In place of the pin that stands there, quoted as it was."""
    event = present.event
    if event.__class__ is AliasEvent:
        raise CannotPin("its digest is an alias")
    if event.anchor is not None:
        raise CannotPin("its digest has an anchor, so it may hold elsewhere too")
    if event.style in _BLOCK:
        raise CannotPin("its digest is written as a block of text")
    return Edit(event.start_mark.index, present.end.index, _quoted(digest, event))


def _inserting(source: _Node, key: _Node, value: _Node, text: str, digest: Digest) -> Edit:
    """After the path: a line of its own, or within braces an entry."""
    entry = f"{_quoted('digest', key.event)}: {_quoted(digest, key.event)}"
    if source.event.flow_style:
        return Edit(value.end.index, value.end.index, f", {entry}")
    if getattr(value.event, "style", None) in _BLOCK:
        raise CannotPin("its path is written as a block of text")
    ends = _LINE_END.search(text, value.end.index)
    if ends is None:
        raise AssertionError("unreachable: a text ends")
    indented = " " * source.event.start_mark.column + entry
    if ends[0]:
        return Edit(ends.end(), ends.end(), indented + ends[0])
    first = _LINE_END.search(text)
    return Edit(ends.end(), ends.end(), (first[0] if first and first[0] else "\n") + indented)


def _quoted(text: str, event: Any) -> str:
    """As the author quotes: manifests may be JSON."""
    quote = event.style if event.style in ("'", '"') else ""
    return f"{quote}{text}{quote}"


def _text(data: bytes) -> str:
    """What the parser's indices count: characters, after the mark of byte order."""
    return data.removeprefix(b"\xef\xbb\xbf").decode()
