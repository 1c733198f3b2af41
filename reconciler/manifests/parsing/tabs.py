"""Tabs outside text and comments: libyaml takes some of them, other parsers and people's eyes do not."""

import re
from collections.abc import Iterator
from typing import Any

from yaml._yaml import CParser
from yaml.events import ScalarEvent

from reconciler.manifests.parsing.encoding import place_in
from reconciler.model.diagnostics import Diagnostic

HINT = "indent and align by spaces"

_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\r\n]*", re.MULTILINE)


def check_tabs(data: bytes, file: str) -> Diagnostic | None:
    """The first tab between the scalars of a file that parses."""
    text = data.decode()
    for begin, end in _gaps(data, text):
        gap = _COMMENT.sub(lambda comment: " " * len(comment[0]), text[begin:end])
        tab = gap.find("\t")
        if tab >= 0:
            where = place_in(text, file, begin + tab)
            return Diagnostic(code="tab", message="a tab stands outside text and comments", where=where, hint=HINT)
    return None


def _gaps(data: bytes, text: str) -> Iterator[tuple[int, int]]:
    """Begin and end of what lies between scalars, in characters."""
    begin = skipped = int(text.startswith("\ufeff"))
    get: Any = CParser(data).get_event
    for event in iter(get, None):
        if isinstance(event, ScalarEvent):
            first: Any = event.start_mark
            last: Any = event.end_mark
            yield begin, first.index + skipped
            begin = last.index + skipped
    yield begin, len(text)
