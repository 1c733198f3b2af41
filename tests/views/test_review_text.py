"""A review as people read it: golden files, sums that are those of the rows, harmless whatever the data says."""

import re

import pytest
from hypothesis import given

from reconciler.model.plan import Plan
from reconciler.model.review import Base, Taken
from reconciler.planning.review import review
from reconciler.views.review_text import review_text
from tests.conftest import Golden
from tests.properties import tried
from tests.views import plans, reviews
from tests.views.hostile import HOSTILE, hostile_plan
from tests.views.strategies import plans as any_plan


@pytest.mark.parametrize("name", reviews.EVERY)
def test_the_text_is_as_it_was_looked_at(name: str, golden: Golden) -> None:
    golden(f"review/{name}.txt", review_text(reviews.EVERY[name]()))


@pytest.mark.parametrize("taken", [Taken.MERGE_BASE, Taken.SHALLOW])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_from_data_is_active(text: str, taken: Taken) -> None:
    for before, after in ((plans.contract(), hostile_plan(text, 2)), (hostile_plan(text, 25), plans.contract())):
        told = review_text(reviews.review(before, after, Base(revision=text, commit=reviews.MAIN, taken=taken)))
        assert "EVIL" in told
        assert all(character.isprintable() for line in told.splitlines() for character in line)
        plain = review_text(reviews.review(before, after, Base(revision="main", commit=reviews.MAIN, taken=taken)))
        assert told.count("\n") == plain.count("\n")


def test_colour_says_nothing_that_words_do_not_say() -> None:
    for make in reviews.EVERY.values():
        made = make()
        assert re.sub(r"\x1b\[[0-9;]*m", "", review_text(made, color=True)) == review_text(made)


def test_show_all_unfolds_jobs_and_rows() -> None:
    assert "and 60 jobs more, see --show all" in review_text(reviews.many_jobs())
    assert review_text(reviews.many_jobs(), show_all=True).count("+ DE1 ") == 100
    assert review_text(reviews.EVERY["large"](), show_all=True).count("shop-1999 ") == 1


def _rows(told: str) -> int:
    """How many lines of plans the rows stand for, folded ones included."""
    folded = re.findall(r"^   [!\-~+s>] ([\d,]+) (?:sites?|pairs?)  ", told, re.MULTILINE)
    single = [
        line
        for line in re.findall(r"^   [!\-~+s>] .*$", told, re.MULTILINE)
        if not re.match(r"   . [\d,]+ (site|pair)s?  ", line)
    ]
    return len(single) + sum(int(number.replace(",", "")) for number in folded)


def _concluded(told: str) -> int:
    line = next(line for line in told.splitlines() if line.startswith("This change "))
    numbers = re.findall(r"(?:adds|changes|removes) ([\d,]+)", line)
    return sum(int(number.replace(",", "")) for number in numbers)


@pytest.mark.parametrize("name", reviews.EVERY)
def test_the_printed_total_is_the_sum_of_the_rows(name: str) -> None:
    told = review_text(reviews.EVERY[name]())
    assert _rows(told) == _concluded(told)


@tried(12)
@given(any_plan(), any_plan())
def test_the_total_of_any_review_is_the_sum_of_its_rows(before: Plan, after: Plan) -> None:
    told = review_text(review(reviews.BASE, before=before, after=after))
    assert _rows(told) == _concluded(told)
