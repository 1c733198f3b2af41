"""The content digest: what it is made of, what it ignores, what cannot be listed (sending.md 1, L2, L39)."""

import hashlib
import os
import re
import socket
import subprocess
import threading
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.looks import Moved
from reconciler.model.names import Digest, PackageName
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.listing import look_at_source, read_content
from reconciler.parcels.problems import unsettled
from tests.properties import tried
from tests.users import nobody

NOTHING_REMEMBERED = DigestCache(None)


def request(path: Path | str, *, exclude: tuple[str, ...] = (), pin: str | None = None) -> SourceRequest:
    return SourceRequest(
        package=PackageName("till-4"), path=str(path), exclude=exclude, pin=None if pin is None else Digest(pin)
    )


def content(path: Path | str, *, exclude: tuple[str, ...] = ()) -> Content:
    read = read_content(request(path, exclude=exclude), NOTHING_REMEMBERED)
    assert isinstance(read, Content), read
    return read


def problem(path: Path | str, *, exclude: tuple[str, ...] = ()) -> SourceProblem:
    read = read_content(request(path, exclude=exclude), NOTHING_REMEMBERED)
    assert isinstance(read, SourceProblem), read
    return read


def write(root: Path, files: Mapping[str, bytes]) -> Path:
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return root


def by_hand(root: Path) -> str:
    """Listing version 1 written down a second time, from docs/reference/listing.md."""
    entries = []
    for folder, folders, files in os.walk(root):
        inside = Path(folder).relative_to(root)
        for name in files:
            data = (Path(folder) / name).read_bytes()
            kind = "x" if os.stat(Path(folder) / name).st_mode & 0o100 else "f"
            entries.append((os.fsencode(inside / name), f"{kind} {len(data)} {hashlib.sha256(data).hexdigest()}"))
        if not folders and not files and Path(folder) != root:
            entries.append((os.fsencode(inside), "d 0 -"))
    listing = b"".join(fields.encode() + b" " + path + b"\0" for path, fields in sorted(entries))
    return f"sha256:{hashlib.sha256(listing).hexdigest()}"


def test_the_listing_is_written_as_the_reference_says(tmp_path: Path) -> None:
    write(tmp_path, {"docs/a.txt": b"hi\n", "setup.exe": b"\x00\x01"})
    (tmp_path / "setup.exe").chmod(0o755)
    (tmp_path / "empty").mkdir()
    listing = (
        b"f 3 98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4 docs/a.txt\0"
        b"d 0 - empty\0"
        b"x 2 b413f47d13ee2fe6c845b2ee141af81de858df4ec549a58b7970bb96645bc8d2 setup.exe\0"
    )
    read = content(tmp_path)
    assert read.digest == f"sha256:{hashlib.sha256(listing).hexdigest()}"
    assert (read.size, read.files, read.readable, read.real_path) == (5, 2, True, os.path.realpath(tmp_path))


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda name: name not in (".", "..")
)
trees = st.dictionaries(st.lists(names, min_size=1, max_size=3).map(tuple), st.binary(max_size=20), max_size=8)


def plant(root: Path, tree: Mapping[tuple[str, ...], bytes], *, reverse: bool = False) -> bool:
    """Files and empty folders (content of a single byte 0 plants one); False if two names are one on some system."""
    folded: dict[tuple[str, ...], tuple[str, ...]] = {}
    for parts, data in sorted(tree.items(), reverse=reverse):
        for depth in range(1, len(parts) + 1):
            key = tuple(unicodedata.normalize("NFC", part).casefold() for part in parts[:depth])
            if folded.setdefault(key, parts[:depth]) != parts[:depth]:
                return False
        target = root.joinpath(*parts)
        try:
            if data == b"\0":
                target.mkdir(parents=True, exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                target.chmod(0o700 if data[:1] > b"\x7f" else 0o600)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            return False
    return any(path.is_file() for path in root.rglob("*"))


@given(trees)
@tried(25)
def test_any_tree_has_the_digest_of_the_reference(tree: Mapping[tuple[str, ...], bytes]) -> None:
    with TemporaryDirectory() as folder:
        if plant(Path(folder), tree):
            assert content(folder).digest == by_hand(Path(folder))


@given(trees)
@tried(15)
def test_L2_the_digest_does_not_depend_on_the_order_on_disk(tree: Mapping[tuple[str, ...], bytes]) -> None:
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        if plant(Path(one), tree) and plant(Path(other), tree, reverse=True):
            assert content(one).digest == content(other).digest


def shell_line() -> str:
    text = Path("docs/reference/listing.md").read_text(encoding="utf-8")
    found = re.search(r"```sh\n(.*?)\n```", text, re.DOTALL)
    assert found is not None
    assert "\n" not in found[1]
    return found[1]


def test_the_line_of_the_reference_computes_the_same_digest(tmp_path: Path) -> None:
    source = write(
        tmp_path / "source",
        {
            "a/b": b"1",
            "a.b": b"2",
            "a b ": b"3",
            " lead": b"4",
            "-rf": b"5",
            "line\nbreak": b"6",
            "tab\tand\\slash": b"7",
            "grün/größe €.txt": b"8" * 100_000,
            "z/$(touch pwned)": b"",
            "*": b"9",
            "x.sh": b"#!/bin/sh\n",
        },
    )
    (source / "x.sh").chmod(0o711)
    (source / "a" / "void").mkdir()
    (source / "void.d").mkdir()
    (source / "other").write_bytes(b"")
    (source / "other").chmod(0o611)
    shown = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", shell_line()], cwd=source, capture_output=True, check=True, timeout=60
    )
    assert f"sha256:{shown.stdout.split()[0].decode()}" == content(source).digest == by_hand(source)


def test_empty_folders_stand_where_their_name_sorts(tmp_path: Path) -> None:
    write(tmp_path, {"a.b": b"", "a!": b"", "ab": b"", "c/d": b"", "c.d": b""})
    (tmp_path / "a").mkdir()
    assert content(tmp_path).digest == by_hand(tmp_path)


def test_L2_touching_files_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"1", "b/c": b"2"})
    before = content(tmp_path).digest
    for path in (tmp_path / "a", tmp_path / "b" / "c", tmp_path / "b"):
        os.utime(path, (1, 1))
        path.chmod(0o777 if path.is_dir() else 0o644)
    assert content(tmp_path).digest == before


def test_the_owners_execute_bit_is_content_and_no_other_mode_bit_is(tmp_path: Path) -> None:
    write(tmp_path, {"run": b""})
    (tmp_path / "run").chmod(0o600)
    plain = content(tmp_path).digest
    (tmp_path / "run").chmod(0o677)
    assert content(tmp_path).digest == plain
    (tmp_path / "run").chmod(0o700)
    assert content(tmp_path).digest != plain


def test_what_is_excluded_is_not_looked_at(tmp_path: Path) -> None:
    write(tmp_path / "one", {"a": b"1", "debug/x.pdb": b"2", "keep/y.pdb": b"3"})
    write(tmp_path / "other", {"a": b"1", "keep/y.pdb": b"3"})
    (tmp_path / "other" / "debug").mkdir()
    (tmp_path / "one" / "link.pdb").symlink_to("a")
    assert content(tmp_path / "one", exclude=("*.pdb", "!keep/*.pdb")).digest == content(tmp_path / "other").digest


def test_a_folder_whose_files_are_excluded_counts_as_empty_and_an_excluded_folder_is_gone(tmp_path: Path) -> None:
    write(tmp_path / "one", {"a": b"1", "obj/x.o": b"2"})
    write(tmp_path / "emptied", {"a": b"1"})
    gone = content(tmp_path / "emptied").digest
    (tmp_path / "emptied" / "obj").mkdir()
    assert content(tmp_path / "one", exclude=("*.o",)).digest == content(tmp_path / "emptied").digest
    assert content(tmp_path / "one", exclude=("obj/",)).digest == gone


def test_a_source_that_is_a_link_is_followed(tmp_path: Path) -> None:
    write(tmp_path / "v2", {"a": b"1"})
    (tmp_path / "current").symlink_to("v2")
    assert content(tmp_path / "current").real_path == os.path.realpath(tmp_path / "v2")
    assert content(tmp_path / "current").digest == content(tmp_path / "v2").digest


def test_the_three_longest_paths_are_named_longest_first(tmp_path: Path) -> None:
    write(tmp_path, {"bb": b"", "a/ccc": b"", "d": b"", "eeee": b""})
    assert content(tmp_path).longest == ("a/ccc", "eeee", "bb")


@pytest.mark.parametrize(
    "path", ["a:b", "dir?/x", "NUL", "con.old", "x/aux/y", "end.", "end /x", "tab\there", 'quo"te', "back\\slash"]
)
def test_names_that_windows_cannot_hold_are_unportable(tmp_path: Path, path: str) -> None:
    write(tmp_path, {path: b"", "fine/file.txt": b"", "console": b""})
    assert content(tmp_path).unportable == (path,)


def test_the_first_three_unportable_paths_are_named_in_order(tmp_path: Path) -> None:
    write(tmp_path, {"b:/1": b"", "b:/2": b"", "a:": b"", "c:": b""})
    assert content(tmp_path).unportable == ("a:", "b:/1", "b:/2")


def test_a_missing_source_is_a_problem(tmp_path: Path) -> None:
    assert problem(tmp_path / "no").code == "source-missing"
    assert str(tmp_path / "no") in problem(tmp_path / "no").message


def test_a_file_in_the_place_of_a_source_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, {"setup.exe": b""})
    assert problem(tmp_path / "setup.exe").code == "source-not-a-directory"


def test_a_source_without_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "only" / "folders").mkdir(parents=True)
    assert problem(tmp_path).code == "source-empty"
    write(tmp_path, {"a.o": b""})
    assert problem(tmp_path, exclude=("*.o",)).code == "source-empty"


def test_a_pinned_source_that_is_elsewhere_is_legal(tmp_path: Path) -> None:
    pin = f"sha256:{'a' * 64}"
    read = read_content(request(tmp_path / "no", pin=pin), NOTHING_REMEMBERED)
    assert read == Content(digest=Digest(pin), size=read.size, files=0, readable=False)  # type: ignore[union-attr]


def test_a_pinned_source_that_holds_a_link_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, {"a": b""})
    (tmp_path / "b").symlink_to("a")
    read = read_content(request(tmp_path, pin=f"sha256:{'a' * 64}"), NOTHING_REMEMBERED)
    assert isinstance(read, SourceProblem)
    assert read.code == "source-link"


def test_links_are_named_the_first_three_and_none_is_followed(tmp_path: Path) -> None:
    write(tmp_path / "source", {"a": b""})
    write(tmp_path, {"secret/inside": b""})
    for name in ("l4", "l1", "l3", "l2"):
        (tmp_path / "source" / name).symlink_to(tmp_path / "secret")
    found = problem(tmp_path / "source")
    assert found.code == "source-link"
    assert "l1, l2, l3 and 1 more" in found.message


def test_devices_sockets_and_fifos_are_named_and_never_opened(tmp_path: Path) -> None:
    write(tmp_path, {"a": b""})
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "sock"))
        found = problem(tmp_path)
    assert found.code == "source-device"
    assert "pipe, sock" in found.message


def test_names_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"")
    found = problem(tmp_path)
    assert found.code == "source-name-not-utf8"
    assert "caf\\xe9.txt" in found.message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Readme", "README"),
        ("straße", "STRASSE"),
        (unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")),
    ],
)
def test_names_that_collide_are_named(tmp_path: Path, one: str, other: str) -> None:
    write(tmp_path, {f"docs/{one}": b"", f"docs/{other}": b"", f"elsewhere/{one}": b""})
    found = problem(tmp_path)
    assert found.code == "source-names-collide"
    assert f"docs/{one} and {other}" in found.message or f"docs/{other} and {one}" in found.message


def test_folders_whose_names_collide_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"Data/x": b"", "data/y": b""})
    assert problem(tmp_path).code == "source-names-collide"


def test_a_source_that_never_rests_is_a_problem_of_its_own(tmp_path: Path) -> None:
    assert unsettled(request(tmp_path)).code == "source-moving"


def test_a_tree_of_any_depth_is_read_or_named(tmp_path: Path) -> None:
    deep = os.open(tmp_path, os.O_RDONLY)
    for _ in range(250):
        os.mkdir("d", dir_fd=deep)
        below = os.open("d", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=deep))
    os.close(deep)
    assert problem(tmp_path).code == "source-unreadable"


def test_L39_a_file_that_grows_while_it_is_read_moves(tmp_path: Path) -> None:
    write(tmp_path, {f"{number}": b"x" * 1000 for number in range(200)})
    stop = threading.Event()

    def grow() -> None:
        with open(tmp_path / "100", "ab", buffering=0) as log:
            while not stop.is_set():
                log.write(b"line\n")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(Moved) as moved:
            read_fifty_times(tmp_path)
    finally:
        stop.set()
        writer.join()
    assert moved.value.paths[0].startswith(str(tmp_path))


def read_fifty_times(source: Path) -> None:
    for _ in range(50):
        read_content(request(source), NOTHING_REMEMBERED)


class Meanwhile:
    """A clock that does something when the first file is about to be hashed: between the look and the reading."""

    def __init__(self, does: object) -> None:
        self.does = does

    def __call__(self) -> int:
        does, self.does = self.does, None
        if callable(does):
            does()
        return 0


@pytest.mark.parametrize("what", ["vanish", "replace", "link", "fifo", "folder-link", "late", "chmod"])
def test_L39_what_changes_between_looking_and_reading_moves(tmp_path: Path, what: str) -> None:
    source = write(tmp_path / "source", {"a": b"1", "b": b"2", "sub/c": b"3"})
    write(tmp_path, {"secret/c": b"4"})

    def meanwhile() -> None:
        match what:
            case "vanish":
                (source / "b").unlink()
            case "replace":
                (tmp_path / "new").write_bytes(b"2")
                (tmp_path / "new").rename(source / "a")
            case "link":
                (source / "a").unlink()
                (source / "a").symlink_to(tmp_path / "secret" / "c")
            case "fifo":
                (source / "a").unlink()
                os.mkfifo(source / "a")
            case "folder-link":
                (source / "sub").rename(tmp_path / "away")
                (source / "sub").symlink_to(tmp_path / "secret")
            case "late":
                (source / "0").write_bytes(b"")
            case _:
                (source / "a").chmod(0o755)

    with pytest.raises(Moved):
        read_content(request(source), DigestCache(None, clock=Meanwhile(meanwhile)))


def test_a_source_is_as_it_was_seen_or_moved(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"1"})
    seen = look_at_source(request(tmp_path))
    assert isinstance(read_content(request(tmp_path), NOTHING_REMEMBERED, seen=seen), Content)
    write(tmp_path, {"a": b"2"})
    with pytest.raises(Moved):
        read_content(request(tmp_path), NOTHING_REMEMBERED, seen=seen)


def test_a_source_that_comes_or_goes_after_it_was_seen_moved(tmp_path: Path) -> None:
    absent = look_at_source(request(tmp_path / "source"))
    assert isinstance(read_content(request(tmp_path / "source"), NOTHING_REMEMBERED, seen=absent), SourceProblem)
    write(tmp_path / "source", {"a": b"1"})
    with pytest.raises(Moved):
        read_content(request(tmp_path / "source"), NOTHING_REMEMBERED, seen=absent)


@pytest.mark.parametrize("data", [b"", b"x", b"x" * (2**20 - 1), b"x" * 2**20, b"x" * (2**20 + 1), b"x" * (2**21)])
def test_files_around_the_size_of_a_piece_are_hashed_whole(tmp_path: Path, data: bytes) -> None:
    write(tmp_path, {"a": data})
    assert content(tmp_path).digest == by_hand(tmp_path)


def test_files_and_folders_that_cannot_be_read_are_named() -> None:
    with TemporaryDirectory() as folder:
        source = write(Path(folder), {"a": b"", "b": b"", "closed/c": b""})
        source.chmod(0o755)
        (source / "b").chmod(0)
        (source / "closed").chmod(0)
        with nobody():
            assert "cannot be read: closed" in problem(source).message
            assert "cannot be read: b" in problem(source, exclude=("closed",)).message
            elsewhere = read_content(request(source, pin=f"sha256:{'a' * 64}"), NOTHING_REMEMBERED)
        assert isinstance(elsewhere, Content)
        assert not elsewhere.readable


def test_a_source_that_cannot_be_opened_is_a_problem() -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0)
        with nobody():
            assert problem(folder).code == "source-unreadable"
            assert "Permission denied" in problem(folder).message
