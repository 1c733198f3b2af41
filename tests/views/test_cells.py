"""Columns are measured as a terminal shows them."""

import pytest

from reconciler.views.cells import cells, clip, left, right


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("abc", 3), ("東京", 4), ("e\u0301", 1), ("\uff76", 1), ("\uff21", 2)]
)
def test_wide_characters_take_two_cells_and_combining_ones_none(text: str, width: int) -> None:
    assert cells(text) == width


def test_padding_counts_cells() -> None:
    assert left("東京", 6) == "東京  "
    assert right("東京", 6) == "  東京"
    assert left("longer", 3) == "longer"


def test_a_clipped_text_ends_in_an_ellipsis_within_its_width() -> None:
    assert clip("東京都", 6) == "東京都"
    assert clip("東京都庁", 6) == "東京…"
    assert clip("abcdef", 3) == "ab…"
