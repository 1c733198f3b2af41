"""Label selectors in both their notations: the mapping of a manifest, and the text kubectl takes after `-l`."""

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from reconciler.manifests import labels
from reconciler.model.selectors import Expression, Operator, Selector


def read_selector(body: Mapping[str, Any]) -> Selector:
    """The selector of a mapping that is valid by the schema; keys other than `match...` are not looked at."""
    wanted = [
        Expression(key=key, operator=Operator.IN, values=(value,))
        for key, value in sorted(body.get("matchLabels", {}).items())
    ]
    wanted += [
        Expression(key=entry["key"], operator=Operator(entry["operator"]), values=tuple(entry.get("values", ())))
        for entry in body.get("matchExpressions", ())
    ]
    return Selector(tuple(wanted))


def parse_selector(text: str) -> Selector:
    """The selector of kubectl's notation: `region=emea,link!=dsl,tier in (a, b),stage notin (old),spare,!closed`.

    Nothing but white space selects everything, as in kubectl. Raises ValueError with the position, counted from 1, and
    what is expected there.
    """
    reader = _Reader(text)
    if not reader.word:
        return Selector()
    wanted = [_requirement(reader)]
    while reader.word:
        reader.expect(",", "a comma, an operator (=, !=, in, notin) or the end")
        wanted.append(_requirement(reader))
    return Selector(tuple(wanted))


_SIGNS = "=!,()<>"
_TOKEN = re.compile(r"\s*(==|!=|[=!,()<>]|[^\s=!,()<>]+)?")


class _Reader:
    """The words and signs of the text, one at a time; `word` is empty at the end."""

    def __init__(self, text: str) -> None:
        self._tokens = [(found[1] or "", found.end()) for found in _TOKEN.finditer(text)]
        self._next = 0

    @property
    def word(self) -> str:
        return self._tokens[self._next][0]

    def advance(self) -> str:
        """Go on to the next word or sign; returns the one left behind."""
        left = self.word
        self._next += 1
        return left

    def expect(self, sign: str, wanted: str) -> None:
        if self.word != sign:
            self.refuse(wanted)
        self.advance()

    def refuse(self, wanted: str) -> NoReturn:
        word, end = self._tokens[self._next]
        found = f'"{word}"' if word else "the end"
        raise ValueError(f"position {end - len(word) + 1}: expected {wanted}, found {found}")


def _requirement(reader: _Reader) -> Expression:
    if reader.word == "!":
        reader.advance()
        return Expression(key=_key(reader), operator=Operator.DOES_NOT_EXIST)
    key = _key(reader)
    match reader.word:
        case "=" | "==":
            reader.advance()
            return Expression(key=key, operator=Operator.IN, values=(_value(reader),))
        case "!=":
            reader.advance()
            return Expression(key=key, operator=Operator.NOT_IN, values=(_value(reader),))
        case "in" | "notin" as word:
            reader.advance()
            return Expression(
                key=key, operator=Operator.IN if word == "in" else Operator.NOT_IN, values=_values(reader)
            )
        case _:
            return Expression(key=key, operator=Operator.EXISTS)


def _key(reader: _Reader) -> str:
    if not labels.is_key(reader.word):
        reader.refuse("the key of a label")
    return reader.advance()


def _value(reader: _Reader) -> str:
    """A value; nothing at all is the empty value, as in kubectl."""
    if not reader.word or reader.word in _SIGNS:
        return ""
    if not labels.is_value(reader.word):
        reader.refuse("the value of a label")
    return reader.advance()


def _values(reader: _Reader) -> tuple[str, ...]:
    reader.expect("(", 'values in brackets, such as "(a, b)"')
    if reader.word == ")":
        reader.refuse("at least one value")
    values = [_value(reader)]
    while reader.word == ",":
        reader.advance()
        values.append(_value(reader))
    reader.expect(")", 'a comma or ")"')
    return tuple(sorted(set(values)))
