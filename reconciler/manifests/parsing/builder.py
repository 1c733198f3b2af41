"""From the events of libyaml to documents, in one pass that stops at the first cap violated (reliability.md 1).

Nothing is built by PyYAML: its loaders turn `no` into false and `22:00` into 1320, take duplicate keys silently, and
die of deep nesting. A file over a cap is refused as a whole; what is wrong with one document spoils that one only.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any, NoReturn

from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.manifests.documents import nodes_of
from reconciler.manifests.parsing.mistakes import REFUSED, Mistakes, cut
from reconciler.manifests.parsing.scalars import BEGINNINGS, CONTROL, NumberOutOfRange, plain, plain_key

MAX_DEPTH = 32
MAX_EVENTS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A document as it was typed: a mapping, and line and column of its nodes as in `Document.marks`.

    Where it is not `sound`, something was reported: a scalar that was is `REFUSED` in the body, an entry whose key was
    is not in it.
    """

    body: dict[str, object]
    marks: "array[int]"
    sound: bool


@dataclass(frozen=True, slots=True)
class _Anchor:
    """What an alias stands for: the value, the nodes it is made of, and how deep they nest."""

    value: object
    nodes: int
    height: int


class Builder:
    """Reads the documents of one file; `mistakes` takes what is wrong with single ones, `seen` counts them all."""

    def __init__(self, data: bytes, mistakes: Mistakes) -> None:
        self.seen = 0
        self._mistakes = mistakes
        self._path = mistakes.path
        self._get = CParser(data).get_event
        self._events: Iterator[Any] = islice(iter(self._get, None), MAX_EVENTS)
        self._marks: list[Any] = []
        self._nodes = 0
        self._depth = 0
        self._deepest = 0
        self._anchors: dict[str | None, _Anchor] = {}
        self._open: set[str] = set()

    def documents(self) -> Iterator[Parsed]:
        """The documents that are mappings; raises Spoiled, or yaml.YAMLError for what is no YAML."""
        self._events = chain(self._events, iter(self._refuse_more, None))
        try:
            yield from self._documents()
        finally:
            self._events = iter(())  # it holds this builder: a cycle for each file is work for the collector

    def _documents(self) -> Iterator[Parsed]:
        for event in self._events:
            if event.__class__ is DocumentStartEvent:
                self.seen += 1
                before = len(self._mistakes.found)
                body = self._value(next(self._events))
                marks = self._marks
                if isinstance(body, dict):
                    yield Parsed(body=body, marks=_numbers(marks), sound=len(self._mistakes.found) == before)
                elif body is not REFUSED:
                    self._refuse_document(event, body)
                self._nodes += len(marks)
                self._marks = []
                self._anchors = {}
            elif event.__class__ is StreamEndEvent:
                return

    def _mapping(self) -> dict[str, object]:
        """The rest of a mapping. The common case is written out, as calls would cost as much as libyaml does."""
        body: dict[str, object] = {}
        marks = self._marks
        first = len(marks)
        events = self._events
        for event in events:
            if event.__class__ is not ScalarEvent or event.anchor is not None or event.tag is not None:
                if event.__class__ is MappingEndEvent:
                    return body
                self._refuse_key(event)
                continue
            key = event.value if event.style else plain_key(event.value)
            if key is None or key in body:
                self._refuse_entry(event, body, first)
                continue
            marks.append(event.start_mark)
            event = next(events)
            if event.__class__ is ScalarEvent and event.anchor is None and event.tag is None:
                text = event.value
                if text.isprintable() if event.style else text[:1] not in BEGINNINGS:
                    marks.append(event.start_mark)
                    body[key] = text
                    continue
            self._path.append(key)
            body[key] = self._value(event)
            self._path.pop()
        raise AssertionError("unreachable: a mapping ends before its stream")

    def _sequence(self) -> list[object]:
        """The rest of a list."""
        body: list[object] = []
        marks = self._marks
        for event in self._events:
            if event.__class__ is ScalarEvent:
                if event.anchor is None and event.tag is None:
                    text = event.value
                    if text.isprintable() if event.style else text[:1] not in BEGINNINGS:
                        marks.append(event.start_mark)
                        body.append(text)
                        continue
            elif event.__class__ is SequenceEndEvent:
                return body
            self._path.append(len(body))
            body.append(self._value(event))
            self._path.pop()
        raise AssertionError("unreachable: a list ends before its stream")

    def _value(self, event: Any) -> object:
        """The value that begins with this event, of whatever kind."""
        if event.__class__ is AliasEvent:
            return self._alias(event)
        if event.tag is not None:
            return self._refuse_tag(event)
        if event.anchor is not None:
            return self._anchored(event)
        return self._node(event)

    def _node(self, event: Any) -> object:
        self._marks.append(event.start_mark)
        if event.__class__ is ScalarEvent:
            return self._scalar(event)
        self._depth += 1
        if self._depth > self._deepest:
            self._check_depth(event, self._depth)
        body = self._mapping() if event.__class__ is MappingStartEvent else self._sequence()
        self._depth -= 1
        return body

    def _scalar(self, event: Any) -> object:
        text: str = event.value
        if event.style:
            found = None if text.isprintable() else CONTROL.search(text)
            if found is None:
                return text
            message = f"the text holds the control character U+{ord(found[0]):04X}"
            self._mistakes.add(event, code="control-character", message=message, hint="remove the escape")
            return REFUSED
        try:
            return plain(text)
        except NumberOutOfRange:
            self._mistakes.add(
                event,
                code="number-out-of-range",
                message=f"{cut(text)} is not between -2^53 and 2^53",
                hint="write a smaller number, or put it in quotes where text is meant",
            )
            return REFUSED

    # Anchors and aliases

    def _anchored(self, event: Any) -> object:
        name, first, deepest = event.anchor, len(self._marks), self._deepest
        self._open.add(name)
        self._deepest = self._depth
        value = self._node(event)
        self._anchors[name] = _Anchor(value, len(self._marks) - first, self._deepest - self._depth)
        self._open.discard(name)
        self._deepest = max(deepest, self._deepest)
        return value

    def _alias(self, event: Any) -> object:
        name = event.anchor
        if name in self._open:
            message = f"*{cut(name)} stands inside the very value it stands for"
            self._mistakes.add(event, code="recursive-alias", message=message, hint="write the value out")
        elif name not in self._anchors:
            message = f"no &{cut(name)} stands above this alias"
            self._mistakes.add(
                event, code="unknown-alias", message=message, hint=f'if text is meant, write "*{cut(name)}"'
            )
        else:
            return self._expanded(event, self._anchors[name])
        self._marks.append(event.start_mark)
        return REFUSED

    def _expanded(self, event: Any, anchor: _Anchor) -> object:
        """What the alias stands for, counted as if it were written out; all of it has the place of the alias."""
        self._check_depth(event, self._depth + anchor.height)
        if self._nodes + len(self._marks) + anchor.nodes > MAX_EVENTS:
            message = f"with *{cut(event.anchor)} written out the file holds more than {MAX_EVENTS:,} values"
            self._mistakes.spoil(event, code="too-many-values", message=message, hint="use fewer aliases")
        self._marks.extend(repeat(event.start_mark, anchor.nodes))
        return anchor.value

    # What is refused

    def _refuse_document(self, event: Any, body: object) -> None:
        if body is None:
            hint = "write an object, or remove the --- that begins the document"
            self._mistakes.add(event, code="empty-document", message="this document holds nothing", hint=hint)
        else:
            message = f"this document is {'a list' if isinstance(body, list) else 'a single value'}, not an object"
            hint = "write apiVersion, kind, metadata and spec; separate objects by ---"
            self._mistakes.add(event, code="not-an-object", message=message, hint=hint)

    def _refuse_tag(self, event: Any) -> object:
        """A value with a tag is read over, as what it would be is anyone's guess."""
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        self._mistakes.add(event, code="explicit-tag", message=f"the tag {cut(tag)} is not read", hint="remove the tag")
        self._marks.append(event.start_mark)
        self._anchors[event.anchor] = _Anchor(REFUSED, 1, 0)
        self._pass_over(event)
        return REFUSED

    def _refuse_key(self, event: Any) -> None:
        """A key that is a mapping, a list or an alias, or has an anchor or a tag."""
        message = "a key is plain text, without anchor, alias or tag"
        self._mistakes.add(event, code="key-not-text", message=message, hint="write the text of the key")
        self._pass_over(event)
        self._pass_over(next(self._events))

    def _refuse_entry(self, event: Any, body: dict[str, object], first: int) -> None:
        """An entry whose key is there already, or is no text. `first` is the index of the mapping's first key."""
        key: str = event.value
        self._path.append(key)
        if key == "<<" and not event.style:
            hint = "write the fields out, or use the defaults of the settings"
            self._mistakes.add(event, code="merge-key", message="merge keys are not read", hint=hint)
        elif key in body:
            place = self._marks[first + _index_of(key, body)]
            message = f'the key "{cut(key)}" stands here and at line {place.line + 1}, column {place.column + 1}'
            self._mistakes.add(event, code="duplicate-key", message=message, hint="remove one of the two")
        else:
            what = f"{key} is" if key else "nothing is"
            message = f"{what} not text, and a key is text"
            self._mistakes.add(event, code="key-not-text", message=message, hint=f'write "{key}"')
        self._path.pop()
        self._pass_over(next(self._events))

    def _pass_over(self, event: Any) -> None:
        """Read to the end of a value without building it."""
        depth = 0
        while True:
            if event.__class__ in (MappingStartEvent, SequenceStartEvent):
                depth += 1
                self._check_depth(event, self._depth + depth)
            elif event.__class__ in (MappingEndEvent, SequenceEndEvent):
                depth -= 1
            if depth == 0:
                return
            event = next(self._events)

    def _check_depth(self, event: Any, depth: int) -> None:
        """Remember the greatest depth: an anchor has to know how deep the values beneath it nest."""
        if depth > MAX_DEPTH:
            self._mistakes.spoil(event, code="too-deep", message=f"values nest deeper than {MAX_DEPTH} levels")
        self._deepest = max(self._deepest, depth)

    def _refuse_more(self) -> NoReturn:
        """Stands behind the last event that is allowed."""
        message = f"the file holds more than {MAX_EVENTS:,} YAML events"
        self._mistakes.spoil(self._get(), code="too-many-values", message=message, hint="split it into several files")


def _index_of(key: str, body: dict[str, object]) -> int:
    """The index of a key among the nodes of its mapping, the first key having 0."""
    index = 0
    for known, value in body.items():
        if known == key:
            break
        index += 1 + nodes_of(value)
    return index


def _numbers(marks: list[Any]) -> "array[int]":
    numbers: list[int] = []
    append = numbers.append
    for mark in marks:
        append(mark.line + 1)
        append(mark.column + 1)
    return array("i", numbers)
