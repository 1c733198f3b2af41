"""Reading manifests from a directory tree: what is read, what is named instead, what moves (L2, L39, R9)."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from reconciler.model.diagnostics import Where
from reconciler.model.looks import Moved
from reconciler.sources.directory import look_at_file, read_manifests
from reconciler.sources.manifest_read import LARGEST, ManifestRead
from tests.users import nobody


def read(root: Path, *paths: str, ignore: Sequence[str] = (), skip: Sequence[str] = ()) -> ManifestRead:
    return read_manifests(
        [str(root / path) for path in paths or ("",)], ignore=ignore, skip_files=skip, relative_to=str(root)
    )


def files(found: ManifestRead) -> list[str]:
    return [text.file for text in found.texts]


def plant(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"name: {name}\n")
    return root


def codes(found: ManifestRead) -> list[tuple[str, str]]:
    return [(diagnostic.where.file, diagnostic.code) for diagnostic in found.diagnostics]


def test_every_manifest_beneath_a_root_is_read_sorted_by_file(tmp_path: Path) -> None:
    plant(tmp_path, "b.yaml", "a/z.yml", "a.yaml", "a/b/c.yaml", "a/notes.txt", "yaml", "x.YAML", ".yaml")
    found = read(tmp_path)
    assert files(found) == ["a.yaml", "a/b/c.yaml", "a/z.yml", "b.yaml"]
    assert [text.data for text in found.texts][1] == b"name: a/b/c.yaml\n"
    assert [text.path for text in found.texts][2] == str(tmp_path / "a" / "z.yml")
    assert (found.diagnostics, found.missing) == ((), ())


def test_a_folder_with_a_manifests_name_is_a_folder(tmp_path: Path) -> None:
    assert files(read(plant(tmp_path, "sites.yaml/de.yaml"))) == ["sites.yaml/de.yaml"]


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    plant(tmp_path, "a.yaml", ".b.yaml", ".git/c.yaml", ".reconciler/d.yaml")
    assert files(read(tmp_path)) == ["a.yaml"]


@pytest.mark.parametrize("target", ["link", "a.yaml/below"])
def test_a_link_that_leads_nowhere_is_passed_over(tmp_path: Path, target: str) -> None:
    plant(tmp_path, "a.yaml")
    (tmp_path / "link").symlink_to(target)
    assert (files(read(tmp_path)), codes(read(tmp_path))) == (["a.yaml"], [])


def test_a_root_may_be_hidden_and_one_file_of_any_name(tmp_path: Path) -> None:
    plant(tmp_path, ".fleet/a.yaml", "stream", ".x.yaml")
    assert files(read(tmp_path, ".fleet", "stream", ".x.yaml")) == [".fleet/a.yaml", ".x.yaml", "stream"]


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    plant(tmp_path, "a/b.yaml", "a/c/d.yaml")
    assert files(read(tmp_path, "a/c/d.yaml", "a/c", "a", "a/", "a/../a")) == ["a/b.yaml", "a/c/d.yaml"]


def test_files_outside_the_folder_they_are_shown_from_keep_their_absolute_path(tmp_path: Path) -> None:
    plant(tmp_path, "fleet/a.yaml")
    found = read_manifests([str(tmp_path / "fleet")], ignore=(), skip_files=(), relative_to=str(tmp_path / "fle"))
    assert files(found) == [str(tmp_path / "fleet" / "a.yaml")]


def test_the_settings_are_not_a_manifest_however_the_way_to_them_is_spelled(tmp_path: Path) -> None:
    plant(tmp_path, "fleet/a.yaml", "fleet/reconciler.yaml")
    (tmp_path / "link").symlink_to("fleet")
    for spelled in ("fleet/reconciler.yaml", "fleet/../fleet/reconciler.yaml", "link/reconciler.yaml"):
        assert files(read(tmp_path, "fleet", skip=[str(tmp_path / spelled)])) == ["fleet/a.yaml"]


def test_rules_of_the_settings_hold_at_each_root_and_weaker_than_those_beside_the_files(tmp_path: Path) -> None:
    plant(tmp_path, "one/old/a.yaml", "one/b.draft.yaml", "one/c.yaml", "two/old/d.yaml", "two/x/old/e.yaml")
    (tmp_path / "two" / ".reconcileignore").write_text("!/old/\n")
    found = read(tmp_path, "one", "two", ignore=["/old/", "**/*.draft.yaml"])
    assert files(found) == ["one/c.yaml", "two/old/d.yaml", "two/x/old/e.yaml"]


def test_rules_in_any_folder_hold_beneath_it(tmp_path: Path) -> None:
    plant(tmp_path, "a.yaml", "sub/a.yaml", "sub/b.yaml", "sub/deep/b.yaml", "other/b.yaml")
    (tmp_path / ".reconcileignore").write_bytes(b"\xef\xbb\xbfa.yaml\r\n")
    (tmp_path / "sub" / ".reconcileignore").write_text("b.yaml\n!a.yaml\n")
    assert files(read(tmp_path)) == ["other/b.yaml", "sub/a.yaml"]


@pytest.mark.parametrize(
    ("kind", "code"), [("link", "manifest-link"), ("fifo", "unreadable"), ("folder", "unreadable")]
)
def test_rules_that_cannot_be_read_are_named(tmp_path: Path, kind: str, code: str) -> None:
    plant(tmp_path, "a.yaml", "rules")
    match kind:
        case "link":
            (tmp_path / ".reconcileignore").symlink_to("rules")
        case "fifo":
            os.mkfifo(tmp_path / ".reconcileignore")
        case _:
            (tmp_path / ".reconcileignore").mkdir()
    assert codes(read(tmp_path)) == [(".reconcileignore", code)]


def test_links_are_named_and_never_followed(tmp_path: Path) -> None:
    plant(tmp_path, "secret/s.yaml", "fleet/a.yaml")
    (tmp_path / "fleet" / "link.yaml").symlink_to("../secret/s.yaml")
    (tmp_path / "fleet" / "dangling.yml").symlink_to("nowhere")
    (tmp_path / "fleet" / "folder").symlink_to("../secret")
    (tmp_path / "fleet" / "notes.txt").symlink_to("../secret/s.yaml")
    found = read(tmp_path, "fleet")
    assert files(found) == ["fleet/a.yaml"]
    assert codes(found) == [
        ("fleet/dangling.yml", "manifest-link"),
        ("fleet/folder", "manifest-link"),
        ("fleet/link.yaml", "manifest-link"),
    ]


def test_ignored_links_are_not_named(tmp_path: Path) -> None:
    plant(tmp_path, "a.yaml")
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    assert read(tmp_path, ignore=["link.yaml"]).diagnostics == ()


def test_a_root_that_is_a_link_is_followed(tmp_path: Path) -> None:
    plant(tmp_path, "v2/a.yaml", "v2/b.yaml")
    (tmp_path / "current").symlink_to("v2")
    (tmp_path / "one.yaml").symlink_to("v2/b.yaml")
    assert files(read(tmp_path, "current", "one.yaml")) == ["current/a.yaml", "current/b.yaml", "one.yaml"]


def test_what_is_no_regular_file_is_named_and_never_opened(tmp_path: Path) -> None:
    plant(tmp_path, "a.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "sock.yml"))
        found = read(tmp_path)
    assert codes(found) == [("pipe.yaml", "not-a-file"), ("sock.yml", "not-a-file")]
    assert found.diagnostics[0].message == "a FIFO is not read"
    assert codes(read(tmp_path, "pipe.yaml")) == [("pipe.yaml", "not-a-file")]


def test_names_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.yaml")).write_bytes(b"")
    (tmp_path / os.fsdecode(b"caf\xe9")).mkdir()
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"")
    found = read(tmp_path)
    assert codes(found) == [("caf\\xe9", "name-not-utf8"), ("caf\\xe9.yaml", "name-not-utf8")]


def test_folders_deeper_than_any_fleet_are_named(tmp_path: Path) -> None:
    deep = os.open(tmp_path, os.O_RDONLY)
    for _ in range(150):
        os.mkdir("d", dir_fd=deep)
        below = os.open("d", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(deep)
    found = read(tmp_path)
    assert codes(found) == [("/".join("d" * 101), "unreadable")]


def test_a_file_larger_than_a_manifest_may_be_is_read_one_byte_too_far(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_bytes(b"x" * (LARGEST + 1000))
    assert [len(text.data) for text in read(tmp_path).texts] == [LARGEST + 1]


def test_a_root_that_is_not_there_is_told_apart_from_an_empty_one(tmp_path: Path) -> None:
    plant(tmp_path, "a.yaml")
    (tmp_path / "empty").mkdir()
    found = read(tmp_path, "no", "empty", "a.yaml", "a.yaml/beneath")
    assert found.missing == (str(tmp_path / "no"), str(tmp_path / "a.yaml" / "beneath"))
    assert files(found) == ["a.yaml"]


def test_R9_what_cannot_be_read_is_named_and_the_rest_is_read() -> None:
    with TemporaryDirectory() as folder:
        root = plant(Path(folder), "a.yaml", "b.yaml", "closed/c.yaml", "d.yaml")
        root.chmod(0o755)
        (root / "b.yaml").chmod(0)
        (root / "closed").chmod(0)
        with nobody():
            found = read(root)
            assert codes(read(root, "closed")) == [("closed", "unreadable")]
    assert files(found) == ["a.yaml", "d.yaml"]
    assert codes(found) == [("b.yaml", "unreadable"), ("closed", "unreadable")]
    assert found.diagnostics[0].message == "cannot be read: Permission denied"


def test_each_diagnostic_has_a_place_and_a_hint(tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    (diagnostic,) = read(tmp_path).diagnostics
    assert diagnostic.where == Where("link.yaml")
    assert diagnostic.hint == "put the file itself there, or name it in .reconcileignore"
    assert diagnostic.is_error


def test_what_lies_beneath_a_source_is_no_manifest(tmp_path: Path) -> None:
    plant(tmp_path, "a.yaml", "payload/till/values.yaml", "payload/till-2/b.yaml")
    (tmp_path / "payload" / "till" / "link.yaml").symlink_to("values.yaml")
    found = read(tmp_path).outside([str(tmp_path / "payload" / "till")])
    assert files(found) == ["a.yaml", "payload/till-2/b.yaml"]
    assert found.diagnostics == ()


def test_two_looks_at_a_tree_at_rest_agree(tmp_path: Path) -> None:
    plant(tmp_path, "a.yaml", "b/c.yaml", ".reconcileignore")
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    assert read(tmp_path).look == read(tmp_path).look
    assert read(tmp_path).look.moved(read(tmp_path).look) == ()


CHANGES: dict[str, Callable[[Path], object]] = {
    "written": lambda root: (root / "b" / "c.yaml").write_text("other"),
    "same-size": lambda root: (root / "b" / "c.yaml").write_text("name: b/d.yaml\n"),
    "touched": lambda root: os.utime(root / "b" / "c.yaml", (1, 1)),
    "removed": lambda root: (root / "b" / "c.yaml").unlink(),
    "renamed": lambda root: (root / "b" / "c.yaml").rename(root / "b" / "d.yaml"),
    "added": lambda root: (root / "b" / "d.yaml").write_text(""),
    "folder": lambda root: (root / "b").rename(root / "d"),
    "empty-folder": lambda root: (root / "d").mkdir(),
    "rules": lambda root: (root / "b" / ".reconcileignore").write_text("d.yaml"),
    "link": lambda root: (root / "link.yaml").symlink_to("nowhere"),
    "gone": lambda root: root.rename(root.parent / "away"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_the_next_look_differs(tmp_path: Path, change: str) -> None:
    root = plant(tmp_path / "fleet", "a.yaml", "b/c.yaml")
    before = read(tmp_path, "fleet").look
    CHANGES[change](root)
    assert read(tmp_path, "fleet").look.moved(before) != ()


def test_what_does_not_count_does_not_change_the_look(tmp_path: Path) -> None:
    plant(tmp_path, "a.yaml", "b/c.yaml")
    before = read(tmp_path).look
    plant(tmp_path, ".a.yaml.swp", "b/4913", "a.yaml~", ".reconciler/state.db", "b/notes.txt")
    (tmp_path / "b" / "4913").unlink()
    assert read(tmp_path).look == before


class During:
    """Does something once, when a file of a given name is about to be opened: between the look and the reading."""

    def __init__(self) -> None:
        self.name = ""
        self.does: Callable[[], object] | None = None

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and self.does is not None and arguments[0] == self.name:
            does, self.does = self.does, None
            does()


DURING = During()
sys.addaudithook(DURING)


def meanwhile(name: str, does: Callable[[], object]) -> None:
    DURING.name, DURING.does = name, does


@pytest.mark.parametrize("change", CHANGES)
def test_L39_what_changes_while_the_tree_is_read_moves(tmp_path: Path, change: str) -> None:
    root = plant(tmp_path / "fleet", "b/c.yaml")
    meanwhile("b", lambda: (plant(root, "late.yaml"), CHANGES[change](root)))
    with pytest.raises(Moved) as moved:
        read(tmp_path, "fleet")
    assert all(path.startswith(str(root)) for path in moved.value.paths)


def test_L39_a_file_that_vanishes_before_it_is_opened_moved(tmp_path: Path) -> None:
    plant(tmp_path, "a.yaml")
    meanwhile("a.yaml", (tmp_path / "a.yaml").unlink)
    with pytest.raises(Moved) as moved:
        read(tmp_path)
    assert moved.value.paths == (str(tmp_path / "a.yaml"),)


@pytest.mark.parametrize("into", ["link", "fifo", "folder"])
def test_L39_a_file_that_becomes_something_else_moved_and_is_not_followed(tmp_path: Path, into: str) -> None:
    root = plant(tmp_path / "fleet", "a.yaml")
    plant(tmp_path, "secret.yaml")

    def become() -> None:
        (root / "a.yaml").unlink()
        match into:
            case "link":
                (root / "a.yaml").symlink_to("../secret.yaml")
            case "fifo":
                os.mkfifo(root / "a.yaml")
            case _:
                (root / "a.yaml").mkdir()

    meanwhile("a.yaml", become)
    with pytest.raises(Moved):
        read(tmp_path, "fleet")


def test_L39_a_folder_that_becomes_a_link_moved_and_is_not_followed(tmp_path: Path) -> None:
    root = plant(tmp_path / "fleet", "sub/a.yaml")
    plant(tmp_path, "secret/a.yaml")

    def become() -> None:
        (root / "sub").rename(tmp_path / "away")
        (root / "sub").symlink_to("../secret")

    meanwhile("sub", become)
    with pytest.raises(Moved):
        read(tmp_path, "fleet")


def test_L39_no_read_beside_a_busy_writer_mixes_two_states(tmp_path: Path) -> None:
    """Two files always say the same number; a reader that is not told `Moved` sees them agree."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            for name in ("a.yaml", "z.yaml"):
                (tmp_path / f".{name}").write_text(str(number))
                (tmp_path / f".{name}").rename(tmp_path / name)
            stop.wait(0.0005)

    plant(tmp_path, *(f"m{number}.yaml" for number in range(20)))
    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [pair for _ in range(150) if (pair := numbers(tmp_path)) is not None]
    finally:
        stop.set()
        writer.join()
    assert all(abs(int(one) - int(other)) <= 1 for one, other in seen)
    assert numbers(tmp_path) is not None


def numbers(root: Path) -> tuple[bytes, bytes] | None:
    try:
        texts = {text.file: text.data for text in read(root).texts}
    except Moved:
        return None
    return (texts["a.yaml"], texts["z.yaml"]) if "a.yaml" in texts and "z.yaml" in texts else None


def test_the_mark_of_a_file_tells_its_bytes_and_whether_it_is_there(tmp_path: Path) -> None:
    settings = tmp_path / "reconciler.yaml"
    marks = [look_at_file(str(settings))]
    for text in ("one", "two"):
        settings.write_text(text)
        marks.append(look_at_file(str(settings)))
    assert marks[-1] == look_at_file(str(settings))
    settings.unlink()
    settings.mkdir()
    marks.append(look_at_file(str(settings)))
    assert len(set(marks)) == 4


def test_reading_does_not_wait_for_a_fifo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "settings.yaml")
    shown = subprocess.run(
        [
            sys.executable,
            "-c",
            f"from reconciler.sources.directory import *; look_at_file({str(tmp_path / 'settings.yaml')!r})",
        ],
        timeout=20,
        check=True,
    )
    assert shown.returncode == 0
