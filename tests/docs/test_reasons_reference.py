"""docs/reference/reasons.md has a row for each word for pairs, cancellations, sends and causes, and no others."""

from enum import Enum

import pytest

from reconciler.cli.app import COMMANDS
from reconciler.model.plan import CancellationReason, Verdict
from reconciler.model.snapshot import Cause, SendState

from .pages import page, quoted, rows, sections

PAGE = page("reasons.md")
PARTS = sections(PAGE, 2)
WORDS: dict[str, type[Enum]] = {
    "Verdicts of pairs": Verdict,
    "Reasons of cancellations": CancellationReason,
    "States of sends": SendState,
    "Causes": Cause,
}
"""Section → its words; those of gaps, blocks and jobs are held to the page beside the planner."""


@pytest.mark.parametrize("section", WORDS)
def test_every_word_has_a_row_in_the_order_of_the_model(section: str) -> None:
    assert [quoted(row[0])[0] for row in rows(PARTS[section])] == [word.value for word in WORDS[section]]


def test_every_row_says_what_it_means() -> None:
    assert [row[0] for row in rows(PAGE) if len(row) not in (2, 3) or not all(row)] == []


def test_open_states_are_told() -> None:
    sentence = PARTS["States of sends"].split(" are open")[0]
    assert quoted(sentence) == [state.value for state in SendState if state.is_open]


def test_every_command_that_the_page_names_exists() -> None:
    assert {word.split(" ")[1] for word in quoted(PAGE) if word.startswith("reconcile ")} <= COMMANDS.keys()
