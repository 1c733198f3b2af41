"""Whatever the bytes, there are documents or diagnostics within two seconds, never an exception or a signal."""

import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.manifests.declaring.declare import declare
from reconciler.manifests.declaring.settings import SettingsRead, read_settings
from reconciler.manifests.documents import Declared, nodes_of
from reconciler.manifests.parsing.text import read_text
from reconciler.model.source_text import SourceText
from tests.manifests.test_files import ACCEPTED, REFUSED

ROOT = Path(__file__).parents[2]
FILES = [file.read_bytes() for file in (*ACCEPTED, *REFUSED)]
SNIPPETS = [
    *(rb"~ - ? : [ ] { } # ' | > %TAG <<: &a *a !!str 1e3 0x1F 12345678901234567890 --- ...".split()),
    *(b"\t", b"\n", b"\n---\n", b'"', b": ", b"- ", b"|\n", b"\xff", b"\x00", b"\xef\xbb\xbf", b"\xc2\x85"),
]


def read_both(data: bytes) -> tuple[Declared, SettingsRead]:
    source = SourceText(file="a.yaml", directory="/fleet", data=data)
    return declare([source], defaults=(), settings_directory="/fleet"), read_settings(source, directory="/fleet")


def check(data: bytes) -> None:
    """No exception, and no silence: what is not declared has an error that says why, at a place in the file."""
    declared, read = read_both(data)
    documents = read_text(data, "a.yaml").documents
    assert declared.diagnostics or len(declared.declarations) == len(documents) > 0
    assert read.diagnostics or read.settings is not None
    lines = data.count(b"\n") + data.count(b"\r") + 2
    for diagnostic in (*declared.diagnostics, *read.diagnostics):
        assert 1 <= diagnostic.where.line <= lines
        assert diagnostic.where.column >= 1
        assert diagnostic.message
    for parsed in documents:
        assert len(parsed.marks) == 2 * nodes_of(parsed.body)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A file of ours with pieces cut out, doubled, swapped for bytes or for signs that mean something."""
    data = draw(st.sampled_from(FILES))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(data)))
        end = draw(st.integers(begin, min(begin + 40, len(data))))
        piece = draw(st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=4), st.just(data[begin:end] * 2)))
        data = data[:begin] + piece + data[end:]
    return data


@settings(max_examples=300, deadline=2000)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_arbitrary_bytes_give_documents_or_diagnostics(data: bytes) -> None:
    check(data)


@settings(max_examples=400, deadline=2000)
@given(mutated())
def test_mutated_files_give_documents_or_diagnostics(data: bytes) -> None:
    check(data)


def test_R10_hostile_files_are_refused_within_two_seconds_each() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.manifests.hostile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert told.returncode == 0, told.stdout.splitlines()[-1:] + told.stderr.splitlines()[-1:]
    results = [line.split("\t") for line in told.stdout.splitlines()]
    assert len(results) > 80
    assert [name for seconds, name, _ in results if float(seconds) > 2] == []
    assert [name for _, name, codes in results if not codes] == []
