"""Pins written into the text of manifests: what is said there stays, and so does every other byte."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.declaring.declare import declare
from reconciler.manifests.documents import Declaration
from reconciler.manifests.parsing.text import read_text
from reconciler.manifests.pin import CannotPin, Manifest, check_edited, edited
from reconciler.model.diagnostics import Where
from reconciler.model.names import Digest, PackageName
from reconciler.model.settings import Default
from reconciler.model.source_text import SourceText
from tests.builders import digest

OLD, NEW = digest("old"), digest("new")
HEAD = "apiVersion: reconciler/v1\nkind: Package\nmetadata: {name: till}\nspec:\n"
REST = "  origin: HQ1\n  setups: {sharing: {share: TILL}}\n"


def packages_in(data: bytes, defaults: tuple[Default, ...] = ()) -> Mapping[str, Declaration]:
    text = SourceText(file="till.yaml", directory="/srv/manifests", data=data)
    declared = declare([text], defaults=defaults, settings_directory="/srv")
    assert declared.diagnostics == ()
    return {one.name: one for one in declared.declarations if one.document.kind == "Package"}


def pinned(data: bytes, to: Digest = NEW, defaults: tuple[Default, ...] = ()) -> bytes:
    manifest = Manifest(data)
    packages = packages_in(data, defaults)
    after = edited(data, [manifest.pin(package, to) for package in packages.values()])
    check_edited(data, after, {PackageName(name): to for name in packages})
    return after


def pinned_source(source: str) -> str:
    """What becomes of the lines of `spec.source`."""
    after = pinned(f"{HEAD}{source}{REST}".encode()).decode()
    return after.removeprefix(HEAD).removesuffix(REST)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "  source:\n    type: directory\n    path: ../till   # here\n    exclude: [x]\n",
            f"  source:\n    type: directory\n    path: ../till   # here\n    digest: {NEW}\n    exclude: [x]\n",
        ),
        (
            "  source: {type: directory, path: ../till}\n",
            f"  source: {{type: directory, path: ../till, digest: {NEW}}}\n",
        ),
        (
            "  source: {path: ../till, type: directory, }\n",
            f"  source: {{path: ../till, digest: {NEW}, type: directory, }}\n",
        ),
        (
            '  source: {"type": "directory", "path": "../till" }\n',
            f'  source: {{"type": "directory", "path": "../till", "digest": "{NEW}" }}\n',
        ),
        (
            f"  source:\n        digest: '{OLD}'  # of May\n        type: directory\n        path: ../till\n",
            f"  source:\n        digest: '{NEW}'  # of May\n        type: directory\n        path: ../till\n",
        ),
        (
            "  source:\n    ? path\n    : ../till\n    ? type\n    : directory\n",
            f"  source:\n    ? path\n    : ../till\n    digest: {NEW}\n    ? type\n    : directory\n",
        ),
        (
            "  source:\n    path: 'two\n      lines'\n    type: directory\n",
            f"  source:\n    path: 'two\n      lines'\n    digest: {NEW}\n    type: directory\n",
        ),
        (
            "  source: {\n    path: ../till # here\n    , type: directory\n  }\n",
            f"  source: {{\n    path: ../till, digest: {NEW} # here\n    , type: directory\n  }}\n",
        ),
    ],
)
def test_a_pin_stands_after_the_path_or_in_place_of_the_old_one(source: str, expected: str) -> None:
    assert pinned_source(source) == expected


def test_a_file_without_a_last_line_end_gets_none() -> None:
    data = f"{HEAD}{REST}  source:\n    type: directory\n    path: ../till".encode()
    assert pinned(data) == data + f"\n    digest: {NEW}".encode()
    windows = data.replace(b"\n", b"\r\n")
    assert pinned(windows) == windows + f"\r\n    digest: {NEW}".encode()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (f"  source: {{type: directory, path: x, digest: &d '{OLD}'}}\n", "its digest has an anchor"),
        ("  source: &s {type: directory, path: x}\n", "its source has an anchor"),
        ("  source:\n    type: directory\n    path: |-\n      x\n", "its path is written as a block of text"),
        (
            f"  source:\n    digest: >-\n      {OLD}\n    type: directory\n    path: x\n",
            "its digest is written as a block",
        ),
    ],
)
def test_a_place_that_may_hold_elsewhere_or_is_no_line_is_refused(source: str, why: str) -> None:
    with pytest.raises(CannotPin, match=why):
        pinned_source(source)


def test_a_digest_that_is_an_alias_is_refused() -> None:
    data = (
        f"apiVersion: reconciler/v1\nkind: Package\nmetadata: {{name: till, annotations: {{d: &d '{OLD}'}}}}\nspec:\n"
    )
    with pytest.raises(CannotPin, match="its digest is an alias"):
        pinned(f"{data}  source: {{type: directory, path: x, digest: *d}}\n{REST}".encode())


def test_a_source_that_is_an_alias_is_refused() -> None:
    data = f"{HEAD.replace('name: till', 'name: till, annotations: &s {type: directory, path: x}')}  source: *s\n{REST}"
    with pytest.raises(CannotPin, match="its source is an alias"):
        pinned(data.encode())


@pytest.mark.parametrize(
    ("own", "default", "why"),
    [
        ("", {"type": "directory", "path": "x"}, "its source stands in a default of the settings"),
        ("  source: {type: directory}\n", {"path": "x"}, "the path of its source stands in a default of the settings"),
        (
            "  source: {path: x}\n",
            {"type": "directory", "digest": OLD},
            "its digest stands in a default of the settings",
        ),
    ],
)
def test_what_stands_in_a_default_is_refused(own: str, default: Mapping[str, object], why: str) -> None:
    settings = Default(kind="Package", match=(), spec={"source": default}, where=Where("reconciler.yaml"))
    with pytest.raises(CannotPin, match=f"^{why}$"):
        pinned(f"{HEAD}{own}{REST}".encode(), defaults=(settings,))


def test_an_edit_that_would_say_something_else_is_found() -> None:
    data = f"{HEAD}  source: {{type: directory, path: x}}\n{REST}".encode()
    for after in (data, data.replace(b"path: x", f"path: y, digest: {NEW}".encode()), data + b"  }"):
        with pytest.raises(CannotPin, match="more than the pin would change there"):
            check_edited(data, after, {PackageName("till"): NEW})


COMMENTS = st.sampled_from(["", "", "  # why", " #", "\t# \u00e9 \U0001f600 #"])
BLANKS = st.lists(st.sampled_from(["", "   ", "# a line", "      # digest: not this one"]), max_size=2)
PATHS = st.sampled_from(["../till", '"../till, digest: x"', "'it''s'", '"\u00fc\\u00e9"', "a#b", "../a b"])
QUOTES = st.sampled_from(["", '"', "'"])


@st.composite
def blocks(draw: st.DrawFn, name: str) -> list[str]:
    """The lines of a package, its source as a block."""
    step = " " * draw(st.integers(1, 5))
    quote = draw(QUOTES)
    fields = [f"path: {draw(PATHS)}", "type: directory"]
    if draw(st.booleans()):
        fields.append('exclude: ["**/*.pdb"]')
    if draw(st.booleans()):
        fields.append(f"digest: {quote}{OLD}{quote}")
    source = [f"{step}source:", *(f"{step * 2}{field}" for field in draw(st.permutations(fields)))]
    parts = [[f"{step}origin: HQ1"], source, [f"{step}setups: {{sharing: {{share: T}}}}"]]
    spec = ["spec:", *(line for part in draw(st.permutations(parts)) for line in part)]
    tops = [["apiVersion: reconciler/v1"], ["kind: Package"], [f"metadata: {{name: {name}}}"], spec]
    lines = [line + draw(COMMENTS).replace("\t", " ") for top in draw(st.permutations(tops)) for line in top]
    return [line for one in lines for line in (*draw(BLANKS), one)]


@st.composite
def flows(draw: st.DrawFn, name: str) -> list[str]:
    """The same within braces, on one line or several."""
    quote, gap = draw(QUOTES), draw(st.sampled_from([" ", "\n      ", "   "]))
    fields = [f"path: {draw(PATHS)}", "type: directory"]
    if draw(st.booleans()):
        fields.append(f"digest: {quote}{OLD}{quote}")
    joined = f",{gap}".join(draw(st.permutations(fields)))
    source = f"  source: {{{joined}{draw(st.sampled_from(['', ',', ' ', gap]))}}}{draw(COMMENTS).replace(chr(9), ' ')}"
    return [*HEAD.replace("till", name).splitlines(), *source.split("\n"), *REST.splitlines()]


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Several packages and a site, with one or the other line end and with or without the last one."""
    documents = [draw(blocks("first")), draw(flows("second")), draw(blocks("third"))]
    site = ["apiVersion: reconciler/v1", "kind: Site", "metadata: {name: HQ1}", "spec: {}"]
    chosen = draw(st.permutations([*documents[: draw(st.integers(1, 3))], site]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = [line for number, document in enumerate(chosen) for line in (*(["---"] if number else []), *document)]
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return (mark + end.join(lines) + draw(st.sampled_from(["", end]))).encode()


@given(files())
def test_the_file_says_the_same_and_the_pin_and_every_other_line_is_byte_identical(data: bytes) -> None:
    after = pinned(data)
    was, now = read_text(data, "").documents, read_text(after, "").documents
    for before, changed in zip(was, now, strict=True):
        if before.body["kind"] == "Package":
            source = before.body["spec"]["source"]  # type: ignore[index]  # valid by its schema
            source["digest"] = NEW
        assert changed.body == before.body
    assert unpinned(after) == unpinned(data)
    end = b"\r\n" if b"\r" in data else b"\n"
    assert after.endswith(end) == data.endswith(end)
    assert not {b"\r", b"\n"} & {after.replace(end, b"")[place : place + 1] for place in range(len(after))}
    assert pinned(after) == after


def unpinned(data: bytes) -> list[bytes]:
    """Every line without its pin; one that holds nothing but a pin is left out."""
    lines = []
    for line in data.splitlines():
        bare = line
        for one in (OLD, NEW):
            for quote in ("", '"', "'"):
                value = f"digest: {quote}{one}{quote}".encode()
                bare = bare.replace(b", " + value, b"").replace(value, b"")
        if bare.strip() or bare == line:
            lines.append(bare)
    return lines
