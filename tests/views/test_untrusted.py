"""Strings from data never move a cursor, hide text or break a line (reliability.md, fact 10)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.views.untrusted import render_untrusted


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain name", "plain name"),
        ("Zürich 東京 — café", "Zürich 東京 — café"),
        ("two\nlines", "two\\nlines"),
        ("a\r\tb", "a\\r\\tb"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x00\x07\x7f", "\\x00\\x07\\x7f"),
        ("\x85\x9b31m", "\\x85\\x9b31m"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("zero\u200bwidth\ufeff\xad", "zero\\u200bwidth\\ufeff\\xad"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("half\ud800", "half\\ud800"),
        ("own\ue000", "own\\ue000"),
        ("hard\xa0space", "hard\xa0space"),
    ],
)
def test_what_is_invisible_or_active_becomes_a_visible_escape(hostile: str, shown: str) -> None:
    assert render_untrusted(hostile) == shown


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_one_line_of_visible_characters(text: str) -> None:
    shown = render_untrusted(text)
    assert {unicodedata.category(character) for character in shown}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert render_untrusted(shown) == shown
    assert len(shown.splitlines()) <= 1
