"""What is told once, what again."""

from dataclasses import replace

from reconciler.engine.news import News
from reconciler.engine.passes import Outcome, PassReport
from reconciler.model.diagnostics import Diagnostic, Where

TYPO = Diagnostic(code="unknown-package", message='no package "til-4"', where=Where("jobs/till.yaml", 9, 5))
OTHER = Diagnostic(code="unknown-site", message='no site "DE9"', where=Where("jobs/till.yaml", 12, 5))


def invalid(*diagnostics: Diagnostic) -> PassReport:
    return PassReport(outcome=Outcome.INVALID, diagnostics=diagnostics)


DONE = PassReport(outcome=Outcome.DONE)


def test_a_broken_file_is_told_once_while_it_is_unchanged() -> None:
    news = News()
    assert news.of(invalid(TYPO)).fresh == (TYPO,)
    again = news.of(invalid(TYPO))
    assert (again.fresh, again.mended, again.news) == ((), (), False)


def test_a_mistake_that_is_mended_is_told() -> None:
    news = News()
    news.of(invalid(TYPO, OTHER))
    told = news.of(invalid(OTHER))
    assert (told.fresh, told.mended, told.news) == ((), (TYPO,), True)
    assert news.of(DONE).mended == (OTHER,)


def test_a_mistake_that_comes_back_is_told_again() -> None:
    news = News()
    for report in (invalid(TYPO), DONE):
        news.of(report)
    assert news.of(invalid(TYPO)).fresh == (TYPO,)


def test_a_line_added_above_makes_no_new_mistake() -> None:
    news = News()
    news.of(invalid(TYPO))
    told = news.of(invalid(replace(TYPO, where=Where("jobs/till.yaml", 10, 5))))
    assert (told.fresh, told.mended) == ((), ())


def test_a_pass_that_read_nothing_through_mends_nothing() -> None:
    news = News()
    news.of(invalid(TYPO))
    for outcome in (Outcome.MOVED, Outcome.FAILED):
        assert news.of(PassReport(outcome=outcome, error="no disk")).mended == ()
    assert news.of(invalid(TYPO)).fresh == ()


def test_a_pass_that_says_what_the_last_one_said_is_no_news() -> None:
    news = News()
    assert [news.of(DONE).news for _ in range(3)] == [True, False, False]


def test_each_failure_is_news_and_so_is_the_first_pass_after_it() -> None:
    news = News()
    failed = PassReport(outcome=Outcome.FAILED, error="database is locked")
    assert [news.of(report).news for report in (DONE, failed, failed, DONE, DONE)] == [True, True, True, True, False]


def test_a_pass_that_has_to_wait_is_no_news() -> None:
    assert not News().of(PassReport(outcome=Outcome.MOVED, moved=("/fleet/a.yaml",))).news
