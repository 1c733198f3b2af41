"""The syntax of gitignore, by examples; `tests/sources/test_ignoring.py` holds it against git itself."""

import time

import pytest

from reconciler.model.ignoring import Patterns


@pytest.mark.parametrize(
    ("pattern", "path", "ignored"),
    [
        ("*.yaml", "a/b/x.yaml", True),
        ("*.yaml", "x.yml", None),
        ("/x.yaml", "x.yaml", True),
        ("/x.yaml", "a/x.yaml", None),
        ("a/x.yaml", "a/x.yaml", True),
        ("a/x.yaml", "b/a/x.yaml", None),
        ("**/a/x.yaml", "b/c/a/x.yaml", True),
        ("a/**/x", "a/x", True),
        ("a/**/x", "a/b/c/x", True),
        ("a/**", "a/b", True),
        ("a/**", "a", None),
        ("**/*.draft.yaml", "x.draft.yaml", True),
        ("?.yaml", "ä.yaml", True),
        ("[!a-c].yaml", "d.yaml", True),
        ("[!a-c].yaml", "b.yaml", None),
        ("[[:digit:]]x", "1x", True),
        ("[]-]", "]", True),
        ("a[/]b", "a/b", None),
        ("\\#x", "#x", True),
        ("\\!x", "!x", True),
        ("# x", "# x", None),
        ("x  ", "x", True),
        ("x\\ ", "x ", True),
        ("x\r\n", "x", True),
        ("[a", "[a", None),
        ("x\\", "x\\", None),
        ("!x", "x", False),
        ("a*b*c", "aXbYbZc", True),
        ("*a*", "bab", True),
        ("/", "x", None),
        ("", "", None),
    ],
)
def test_a_pattern_speaks_of_a_file(pattern: str, path: str, ignored: bool | None) -> None:
    assert Patterns.of([pattern]).verdict(path, folder=False) is ignored


def test_a_final_slash_means_folders_only() -> None:
    patterns = Patterns.of(["build/"])
    assert patterns.verdict("a/build", folder=True) is True
    assert patterns.verdict("a/build", folder=False) is None


def test_the_last_rule_that_matches_decides() -> None:
    patterns = Patterns.of(["*", "!*/", "!*.yaml", "secret.yaml"])
    assert patterns.verdict("a", folder=True) is False
    assert patterns.verdict("a/x.yaml", folder=False) is False
    assert patterns.verdict("a/x.txt", folder=False) is True
    assert patterns.verdict("a/secret.yaml", folder=False) is True


@pytest.mark.parametrize("pattern", ["*a" * 60 + "b", "**/a/" * 60 + "b", "[a-z]*" * 60 + "!", "*" * 4000 + "b"])
def test_R9_no_pattern_takes_long(pattern: str) -> None:
    began = time.process_time()
    assert Patterns.of([pattern]).verdict("a/" * 400 + "a" * 250, folder=False) is None
    assert time.process_time() - began < 1


def test_a_pattern_longer_than_any_path_matches_nothing() -> None:
    assert not Patterns.of(["a" * 5000])
