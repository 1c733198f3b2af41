"""The folders `accepted` and `refused`: files, and beside each refused one what has to be said about it.

An `.expected` file has one line for each diagnostic: `LINE:COLUMN CODE`, and after a bar, if you like, words that stand
in its message or hint. Files whose names begin with `settings` are read as settings, all others as manifests.
"""

from pathlib import Path

import pytest

from reconciler.manifests.declaring.declare import declare
from reconciler.manifests.declaring.settings import read_settings
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.source_text import SourceText

HERE = Path(__file__).parent
ACCEPTED = sorted((HERE / "accepted").glob("*.yaml"))
REFUSED = sorted((HERE / "refused").glob("*.yaml"))


def source_of(file: Path) -> SourceText:
    return SourceText(file=file.name, directory="/fleet", data=file.read_bytes())


def diagnostics_of(file: Path) -> tuple[Diagnostic, ...]:
    source = source_of(file)
    if file.name.startswith("settings"):
        return read_settings(source, directory="/fleet").diagnostics
    return declare([source], defaults=(), settings_directory="/fleet").diagnostics


@pytest.mark.parametrize("file", ACCEPTED, ids=lambda file: file.stem)
def test_an_accepted_file_has_no_diagnostics(file: Path) -> None:
    assert diagnostics_of(file) == ()


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: file.stem)
def test_a_refused_file_has_the_diagnostics_beside_it(file: Path) -> None:
    found = diagnostics_of(file)
    expected = [line.partition(" | ") for line in file.with_suffix(".expected").read_text().splitlines()]
    assert [f"{one.where.line}:{one.where.column} {one.code}" for one in found] == [place for place, _, _ in expected]
    for one, (_, _, words) in zip(found, expected, strict=True):
        assert words in f"{one.message} {one.hint}"
        assert one.where.file == file.name
        assert "hunter2" not in f"{one.message} {one.hint}"


def test_each_refused_file_has_its_expectation_and_each_expectation_its_file() -> None:
    assert {file.stem for file in REFUSED} == {file.stem for file in (HERE / "refused").glob("*.expected")}
