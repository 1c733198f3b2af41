"""`reconcile unpack`: from a store to a folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.parcels.records import record_bytes
from reconciler.parcels.store_names import record_name
from tests.cli.conftest import Reconcile
from tests.cli.test_dry_run import contents as everything
from tests.parcels.staging import PACK, TILL, Files, put_in_store, record_of, staged_files
from tests.parcels.test_unpacking import contents

NEWER: Files = {"readme": ("f", b"newer")}
DIGEST = staged_files(TILL).index.content
NEWER_DIGEST = staged_files(NEWER).index.content


@pytest.fixture
def store(reconcile: Reconcile) -> Path:
    """The store of DE1, which holds one revision of till-4; relative to the working directory it is `store`."""
    here = Path.cwd() / "store"
    put_in_store(here, staged_files(TILL), number=42)
    return here


def send_newer(store: Path) -> None:
    put_in_store(store, staged_files(NEWER, pack="2" * 32), number=43)


def test_what_is_staged_is_unpacked(reconcile: Reconcile, store: Path) -> None:
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    assert ended.out == (
        f"Unpacked till-4 4.20 (number 42, {DIGEST}) to till: 4 files, 751.0 KiB, "
        "verified against this store's own record\n"
    )
    assert (ended.code, ended.err) == (0, "")
    assert contents(Path("till")) == dict(TILL)


def test_the_digest_that_is_expected_is_said_to_be_what_was_verified_against(reconcile: Reconcile, store: Path) -> None:
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till", "--expect", DIGEST)
    assert ended.code == 0
    assert ended.out.endswith("verified against --expect\n")


def test_another_digest_than_the_expected_is_refused_and_nothing_changed(reconcile: Reconcile, store: Path) -> None:
    before = everything(Path.cwd())
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till", "--expect", NEWER_DIGEST)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == (
        f"reconcile: error: store holds till-4 number 42 with {DIGEST}, not {NEWER_DIGEST}\nhint: nothing was changed\n"
    )
    assert everything(Path.cwd()) == before


def test_the_highest_number_takes_the_place_of_the_one_before(reconcile: Reconcile, store: Path) -> None:
    reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    send_newer(store)
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    assert f"(number 43, {NEWER_DIGEST}) to till in the place of till-4 number 42: 1 file, 5 B" in ended.out
    assert contents(Path("till")) == NEWER


def test_a_record_that_is_not_valid_is_named_and_passed_over(reconcile: Reconcile, store: Path) -> None:
    (store / "records" / "till-4" / "000000000043.json").write_bytes(b'{"kind": "Record"')
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    assert (ended.code, contents(Path("till"))) == (0, dict(TILL))
    assert "record 43 of till-4" in ended.err


def test_a_folder_that_holds_it_already_is_read_and_left(reconcile: Reconcile, store: Path) -> None:
    reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    before = Path("till").stat().st_ino
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    assert ended.code == 0
    assert ended.out == (
        f"till holds till-4 4.20 (number 42, {DIGEST}) already, verified against this store's own record\n"
    )
    assert Path("till").stat().st_ino == before


def test_what_a_killed_one_left_is_removed_although_nothing_is_to_be_done(reconcile: Reconcile, store: Path) -> None:
    arguments = ("unpack", "till-4", "--store", "store", "--to", "till")
    reconcile(*arguments)
    left = Path(".till.reconciler-0123456789abcdef")
    (left / "tree").mkdir(parents=True)
    assert (reconcile(*arguments, "--dry-run").err, left.exists()) == ("", True)
    assert (reconcile(*arguments).err, left.exists()) == ("", False)


def test_a_folder_that_was_altered_is_unpacked_anew(reconcile: Reconcile, store: Path) -> None:
    reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    Path("till/readme").write_bytes(b"altered")
    Path("till/more").symlink_to("readme")
    assert reconcile("unpack", "till-4", "--store", "store", "--to", "till").out.startswith("Unpacked ")
    assert contents(Path("till")) == dict(TILL)


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(reconcile: Reconcile, store: Path) -> None:
    arguments = ("unpack", "till-4", "--store", "store", "--to", "till", "--dry-run")
    before = everything(Path.cwd())
    assert reconcile(*arguments).out == (
        f"Would unpack till-4 4.20 (number 42, {DIGEST}) to till: 4 files, 751.0 KiB\n"
    )
    assert everything(Path.cwd()) == before
    reconcile(*arguments[:-1])
    assert "till holds till-4 4.20" in reconcile(*arguments).out


def test_a_dry_run_finds_what_would_be_refused(reconcile: Reconcile, store: Path) -> None:
    Path("till").mkdir()
    Path("till/mine").touch()
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till", "--dry-run")
    assert (ended.code, "did not make" in ended.err) == (3, True)


def test_a_folder_that_unpack_did_not_make_is_refused(reconcile: Reconcile, store: Path) -> None:
    Path("till").mkdir()
    Path("till/mine").touch()
    before = everything(Path.cwd())
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == (
        "reconcile: error: till is a folder that unpack did not make, and not empty\n"
        "hint: nothing was changed; name another folder, or move this one away\n"
    )
    assert everything(Path.cwd()) == before


def test_a_link_is_replaced_by_one_to_the_new_tree(reconcile: Reconcile, store: Path) -> None:
    os.symlink("till-first", "till")
    assert reconcile("unpack", "till-4", "--store", "store", "--to", "till").code == 0
    first = os.readlink("till")
    send_newer(store)
    assert reconcile("unpack", "till-4", "--store", "store", "--to", "till").code == 0
    assert contents(Path("till")) == NEWER
    assert os.readlink("till") != first
    assert not os.path.lexists(first)


def test_damage_names_the_pack_and_the_file_and_leaves_the_folder(reconcile: Reconcile, store: Path) -> None:
    reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    send_newer(store)
    pack = store / "packs" / f"{'2' * 32}.pack"
    pack.write_bytes(pack.read_bytes()[:-1] + b"?")
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    assert (ended.code, ended.out) == (1, "")
    assert f"till-4 in store is damaged: packs/{'2' * 32}.pack: " in ended.err
    assert "Traceback" not in ended.err
    assert contents(Path("till")) == dict(TILL)


def test_a_damaged_file_is_named(reconcile: Reconcile) -> None:
    put_in_store(Path("store"), staged_files({"big": ("f", os.urandom(300_000))}, together=1), number=1)
    pack = Path("store/packs") / f"{PACK}.pack"
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.write_bytes(data)
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    assert (ended.code, "'big' needs it" in ended.err, Path("till").exists()) == (1, True, False)


@pytest.mark.parametrize("name", ["packs", "indexes"])
def test_what_is_gone_is_named(reconcile: Reconcile, store: Path, name: str) -> None:
    (gone,) = (store / name).iterdir()
    gone.unlink()
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    assert (ended.code, f"{name}/{gone.name}" in ended.err) == (1, True)


@pytest.mark.parametrize("name", ["packs", "indexes"])
def test_a_link_in_the_store_is_not_followed(reconcile: Reconcile, store: Path, name: str) -> None:
    (file,) = (store / name).iterdir()
    file.rename("elsewhere")
    file.symlink_to("../../elsewhere")
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    assert (ended.code, f"{name}/{file.name}" in ended.err) == (1, True)


def test_a_record_that_names_the_index_of_another_content_is_damage(reconcile: Reconcile, store: Path) -> None:
    (index,) = (store / "indexes").iterdir()
    lying = record_of(index.read_bytes(), number=42, content=NEWER_DIGEST)
    (store / record_name(lying.package, 42)).write_bytes(record_bytes(lying))
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till", "--expect", NEWER_DIGEST)
    assert (ended.code, Path("till").exists()) == (1, False)
    assert f"indexes/{index.name} is of {DIGEST}, its record of {NEWER_DIGEST}" in ended.err


def test_as_json(reconcile: Reconcile, store: Path) -> None:
    reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    send_newer(store)
    told = json.loads(reconcile("unpack", "till-4", "--store", "store", "--to", "till", "-o", "json").out)
    setup = told.pop("setup")
    assert setup.startswith("sha256:")
    assert told == {
        "formatVersion": "1.0",
        "kind": "Unpacking",
        "outcome": "unpacked",
        "package": "till-4",
        "version": "4.20",
        "site": "DE1",
        "number": 43,
        "content": NEWER_DIGEST,
        "to": "till",
        "verifiedAgainst": "record",
        "files": 1,
        "bytes": 5,
        "before": {"package": "till-4", "number": 42},
    }


def test_a_site_is_an_address_too(reconcile: Reconcile, fleet: Path) -> None:
    put_in_store(fleet / "stores" / "DE1", staged_files(TILL), number=42)
    ended = reconcile("unpack", "till-4", "--store", "DE1", "--to", "till")
    assert (ended.code, contents(Path("till"))) == (0, dict(TILL))


def test_the_store_of_another_site_is_refused(reconcile: Reconcile, fleet: Path) -> None:
    put_in_store(fleet / "stores" / "EU1", staged_files(TILL), number=42)
    ended = reconcile("unpack", "till-4", "--store", "EU1", "--to", "till")
    assert (ended.code, "belongs to site DE1, not to EU1" in ended.err) == (1, True)


MISTAKES = {
    ("--store", "DE2", "--to", "till"): "did you mean the site DE1?",
    ("--store", "HQ1", "--to", "till"): "site HQ1 has no address",
    ("--store", "sftp://host/store", "--to", "till"): "such addresses come in a later version",
    ("--store", ".", "--to", "till", "--expect", "sha256:1234"): "is no digest",
    ("--to", "till"): "Missing option '--store'",
    ("--store", "."): "Missing option '--to'",
}


@pytest.mark.parametrize("arguments", MISTAKES)
def test_misuse_is_named(reconcile: Reconcile, fleet: Path, arguments: tuple[str, ...]) -> None:
    ended = reconcile("unpack", "till-4", *arguments)
    assert (ended.code, ended.out) == (64, "")
    assert MISTAKES[arguments] in ended.err


def test_a_destination_without_a_name_is_misuse(reconcile: Reconcile, store: Path) -> None:
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", ".")
    assert (ended.code, "name the folder itself" in ended.err) == (64, True)


def test_what_is_no_name_of_a_package_is_misuse(reconcile: Reconcile, store: Path) -> None:
    assert reconcile("unpack", "../till-4", "--store", "store", "--to", "till").code == 64


@pytest.mark.parametrize("there", ["empty", "missing"])
def test_a_place_that_is_no_store_is_said_to_be_none(reconcile: Reconcile, there: str) -> None:
    Path("empty").mkdir()
    ended = reconcile("unpack", "till-4", "--store", f"./{there}", "--to", "till")
    assert (ended.code, ended.out) == (1, "")
    assert f"reconcile: error: ./{there}: " in ended.err


def test_a_package_that_is_not_staged_is_said_to_be_none(reconcile: Reconcile, store: Path) -> None:
    ended = reconcile("unpack", "till-5", "--store", "store", "--to", "till")
    assert (ended.code, "store holds no record of till-5" in ended.err) == (1, True)


def test_a_folder_that_cannot_be_written_is_named(reconcile: Reconcile, store: Path) -> None:
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "missing/till")
    assert (ended.code, "cannot unpack to missing/till: missing: No such file" in ended.err) == (1, True)


def test_text_from_a_store_is_made_harmless(reconcile: Reconcile) -> None:
    files: Files = {"a\x1b[31m\u202e": ("f", os.urandom(100_000))}
    put_in_store(Path("store"), staged_files(files, together=1), number=1)
    pack = Path("store/packs") / f"{PACK}.pack"
    pack.write_bytes(bytes(pack.read_bytes()[:-60_000]))
    ended = reconcile("unpack", "till-4", "--store", "store", "--to", "till")
    assert ended.code == 1
    assert ended.err.replace("\n", "").isprintable()


def test_ended_by_a_signal_it_leaves_nothing(reconcile: Reconcile) -> None:
    put_in_store(Path("store"), staged_files({f"{n:05}": ("f", b"x") for n in range(5000)}), number=1)
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "unpack", "till-4", "--store", "store", "--to", "till"],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    while process.poll() is None and not any(Path.cwd().glob(".till.reconciler-*/tree/0*")):
        pass
    process.terminate()
    assert process.wait(timeout=30) == 143
    assert sorted(os.listdir()) == ["store"]
