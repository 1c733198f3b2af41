"""What `gc` removes from one store, and what it never does (sending.md 7)."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from reconciler.engine.collecting.keeping import Packing, Wishes
from reconciler.model.collection import Action
from reconciler.model.instants import Instant
from reconciler.model.sites import Address
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.parcels.removal import condemned_bytes
from reconciler.senders.directory import open_directory
from reconciler.senders.protocol import Sender
from tests.builders import NOW
from tests.engine.sweeping import DAY, Shop, content, names, revision
from tests.senders.faulty import Faulty, Trip

ATTEMPT, PART = "a" * 32, "b" * 32


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def write(path: Path, data: bytes = b"x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# What is kept at a site


def test_L38_a_site_keeps_what_it_holds_and_the_content_before(shop: Shop) -> None:
    for number, letter in enumerate("ABC", start=1):
        shop.send(number, letter)
    shop.sweep()
    assert shop.records() == [2, 3]
    assert (shop.holds("A"), shop.holds("B"), shop.holds("C")) == (False, True, True)
    assert shop.lies("A")


def test_L38_what_is_kept_are_contents_not_records(shop: Shop) -> None:
    for number, letter in enumerate("ABBB", start=1):
        shop.send(number, letter)
    shop.sweep()
    assert shop.records() == [1, 4]
    assert shop.condemned() == [f"{number:032x}.index" for number in (2, 3)]


@pytest.mark.parametrize(("keep", "left"), [(0, [4]), (1, [3, 4]), (2, [2, 3, 4]), (9, [1, 2, 3, 4])])
def test_so_many_earlier_contents_are_kept_as_the_site_says(shop: Shop, keep: int, left: list[int]) -> None:
    shop.wishes = Wishes(keep=keep)
    for number, letter in enumerate("ABCD", start=1):
        shop.send(number, letter)
    shop.sweep()
    assert shop.records() == left


def test_what_the_manifests_or_an_open_send_want_is_kept_whatever_its_age(shop: Shop) -> None:
    shop.wishes = Wishes(keep=1, wanted={"till-4": frozenset((content("A"),))})
    for number, letter in enumerate("ABCD", start=1):
        shop.send(number, letter)
    shop.sweep()
    assert shop.records() == [1, 3, 4]


def test_an_earlier_revision_that_is_not_whole_is_none_to_go_back_to(shop: Shop) -> None:
    for number, letter in enumerate("ABC", start=1):
        shop.send(number, letter)
    (pack,) = revision("B").packs
    (shop.path / pack).unlink()
    shop.sweep()
    assert shop.records() == [1, 3]


def test_the_highest_number_stays_though_it_is_not_valid_and_nothing_is_judged_by_it(shop: Shop) -> None:
    for number, letter in enumerate("ABC", start=1):
        shop.send(number, letter)
    write(shop.path / "records/till-4/000000000004.json", b"{torn")
    write(shop.path / f"packs/{PART}.pack")
    swept = shop.sweep()
    assert shop.records() == [1, 2, 3, 4]
    assert swept.unsure == ("records/till-4/000000000004.json cannot be understood",)
    assert swept.steps == ()


def test_nothing_is_condemned_while_the_index_of_what_a_site_holds_is_damaged(shop: Shop) -> None:
    record = shop.send(1, "A")
    (shop.path / record.index.file).write_bytes(b"?")
    write(shop.path / f"packs/{PART}.pack")
    swept = shop.sweep()
    assert swept.unsure == (f"{record.index.file}, which records/till-4/000000000001.json names, cannot be understood",)
    assert shop.condemned() == []


def test_records_below_a_removal_go_and_its_number_stays(shop: Shop) -> None:
    shop.send(1, "A")
    shop.send(2, "B")
    shop.prune(3)
    shop.sweep()
    assert shop.records() == [3]
    assert not shop.holds("A")
    assert not shop.holds("B")


def test_what_was_removed_once_is_none_to_go_back_to(shop: Shop) -> None:
    shop.send(1, "A")
    shop.prune(2)
    shop.send(3, "B")
    shop.sweep()
    assert shop.records() == [3]


# Shared chunks


def test_L41_a_shared_pack_stays_as_long_as_anything_refers_to_it(shop: Shop) -> None:
    shop.send(1, "A")
    shop.send(2, "B")
    shop.send(3, "C")
    shop.send(7, "A", package="cad")
    shop.sweep()
    assert shop.records() == [2, 3]
    assert shop.holds("A")
    shop.sweep(at=NOW + 2 * DAY)
    assert shop.is_whole("cad")


def test_a_pack_whose_part_lies_there_still_may_be_about_to_be_named(shop: Shop) -> None:
    shop.send(1, "A")
    write(shop.path / f"packs/{PART}.pack")
    write(shop.path / f"parts/{ATTEMPT}/{PART}")
    swept = shop.sweep(in_use=lambda stock: stock.parts)
    assert names(swept, Action.CONDEMN) == []


# Two phases


def test_what_nothing_refers_to_is_condemned_then_deleted_after_the_grace(shop: Shop) -> None:
    shop.wishes = Wishes(keep=0)
    shop.send(1, "A")
    shop.send(2, "B")
    first = shop.sweep()
    assert len(names(first, Action.CONDEMN)) == 2
    early = shop.sweep(at=NOW + DAY - 1)
    assert (early.steps, len(early.waiting)) == ((), 2)
    late = shop.sweep(at=NOW + DAY)
    assert len(names(late, Action.DELETE)) == 2
    assert (shop.condemned(), shop.lies("A"), shop.lies("B")) == ([], False, True)
    assert shop.sweep(at=NOW + 2 * DAY).steps == ()


def test_nothing_is_deleted_by_the_run_that_condemns_it(shop: Shop) -> None:
    shop.wishes = Wishes(keep=0)
    shop.send(1, "A")
    shop.send(2, "B")
    assert names(shop.sweep(grace=0), Action.DELETE) == []
    assert shop.lies("A")
    shop.sweep(grace=0)
    assert not shop.lies("A")


def test_a_mark_on_what_is_referred_to_after_all_is_lifted(shop: Shop) -> None:
    shop.wishes = Wishes(keep=0)
    shop.send(1, "A")
    shop.send(2, "B")
    shop.sweep()
    shop.send(3, "A")
    shop.sweep(at=NOW + 2 * DAY)
    assert shop.holds("A")
    assert shop.is_whole()


@pytest.mark.parametrize("mark", [b"", b"{}", condemned_bytes(Instant(NOW + 9 * DAY))])
def test_a_mark_that_makes_no_sense_is_written_anew(shop: Shop, mark: bytes) -> None:
    shop.send(1, "A")
    write(shop.path / f"packs/{PART}.pack")
    write(shop.path / f"condemned/{PART}.pack", mark)
    assert names(shop.sweep(), Action.LIFT) == [f"condemned/{PART}.pack"]
    assert names(shop.sweep(), Action.CONDEMN) == [f"packs/{PART}.pack"]
    assert names(shop.sweep(at=NOW + DAY), Action.DELETE) == [f"packs/{PART}.pack"]


def test_a_mark_on_nothing_goes(shop: Shop) -> None:
    shop.send(1, "A")
    write(shop.path / f"condemned/{PART}.pack", condemned_bytes(NOW))
    shop.sweep()
    assert shop.condemned() == []


# Parcels


def test_L36_adopted_content_stays_until_a_record_names_it(shop: Shop) -> None:
    shop.wishes = Wishes(declared={"till-4"})
    shop.send(1, "A")
    shop.pack(1, "B")
    shop.sweep(grace=0)
    shop.sweep(grace=0)
    assert (shop.parcels(), shop.holds("B")) == ([1], True)
    shop.send(2, "B")
    shop.sweep(grace=0)
    shop.sweep(grace=0)
    assert (shop.parcels(), shop.holds("B"), shop.is_whole()) == ([], True, True)
    assert not (shop.path / "parcels" / "till-4").exists()


def test_L38_a_depot_keeps_the_newest_parcels_the_current_one_included(shop: Shop) -> None:
    shop.send(1, "Z", package="other")
    for number, letter in enumerate("ABCDE", start=1):
        shop.pack(number, letter)
    shop.wishes = Wishes(packed={"till-4": Packing(current=content("A"), keep=3)})
    shop.sweep()
    assert shop.parcels() == [1, 4, 5]


def test_a_depot_keeps_what_open_sends_take(shop: Shop) -> None:
    shop.send(1, "Z", package="other")
    for number, letter in enumerate("ABCDE", start=1):
        shop.pack(number, letter)
    shop.wishes = Wishes(packed={"till-4": Packing(current=content("E"), keep=1, sent=frozenset((content("B"),)))})
    shop.sweep()
    assert shop.parcels() == [2, 5]


def test_parcels_of_a_package_that_no_manifest_declares_are_left_to_prune(shop: Shop) -> None:
    shop.send(1, "Z", package="other")
    for number, letter in enumerate("ABCDE", start=1):
        shop.pack(number, letter)
    assert shop.sweep().steps == ()


# Attempts that died


def test_what_a_dead_attempt_left_goes_after_the_grace(shop: Shop) -> None:
    shop.send(1, "A")
    write(shop.path / f"parts/{ATTEMPT}/{PART}")
    write(shop.path / f"parts/{PART}")
    assert len(names(shop.sweep(), Action.CONDEMN)) == 2
    shop.sweep(at=NOW + DAY)
    assert list((shop.path / "parts").iterdir()) == []
    assert shop.condemned() == []


def test_L19_what_an_open_send_may_go_on_from_stays(shop: Shop) -> None:
    shop.send(1, "A")
    write(shop.path / f"parts/{ATTEMPT}/{PART}")
    shop.sweep()
    swept = shop.sweep(at=NOW + DAY, in_use=lambda stock: stock.parts)
    assert names(swept, Action.LIFT) == [f"condemned/{ATTEMPT}"]
    assert (shop.path / f"parts/{ATTEMPT}/{PART}").exists()


# What is none of ours, and what fails


def test_what_is_none_of_ours_is_named_and_left(shop: Shop) -> None:
    shop.send(1, "A")
    write(shop.path / "packs" / "holiday.jpg")
    write(shop.path / "passwords.txt")
    os.symlink("/etc", shop.path / "parts")
    write(shop.path / "records" / "till-4" / "notes.txt")
    swept = shop.sweep(grace=0)
    assert [stranger.name for stranger in swept.strangers] == [
        "parts",
        "passwords.txt",
        "packs/holiday.jpg",
        "records/till-4/notes.txt",
    ]
    assert swept.steps == ()
    assert os.path.exists("/etc/passwd")


def test_a_look_writes_nothing_and_says_what_would_be_done(shop: Shop) -> None:
    for number, letter in enumerate("ABC", start=1):
        shop.send(number, letter)
    before = shop.files()
    looked = shop.sweep(write=False)
    assert shop.files() == before
    assert looked.steps == shop.sweep().steps


class Stubborn:
    """Says that records were removed, and leaves them; with `fault` it does not even say so."""

    def __init__(self, sender: Sender, fault: StoreFault | None) -> None:
        self._sender = sender
        self._fault = fault

    def __getattr__(self, name: str) -> object:
        return getattr(self._sender, name)

    def remove(self, name: str) -> None:
        if not name.startswith("records/"):
            self._sender.remove(name)
        elif self._fault is not None:
            raise self._fault


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (None, "it was removed, and is there still"),
        (StoreFault(Cause.PERMISSION, "read-only"), "read-only"),
    ],
)
def test_FM79_what_could_not_be_removed_is_told(shop: Shop, fault: StoreFault | None, said: str) -> None:
    for number, letter in enumerate("ABC", start=1):
        shop.send(number, letter)
    shop.opened = lambda address: Stubborn(open_directory(address), fault)  # type: ignore[assignment,return-value]
    swept = shop.sweep()
    assert [(failure.name, failure.detail) for failure in swept.failures] == [
        ("records/till-4/000000000001.json", said)
    ]
    assert names(swept, Action.REMOVE) == []


def test_FM79_what_a_record_that_stayed_refers_to_stays_too(shop: Shop) -> None:
    for number, letter in enumerate("ABC", start=1):
        shop.send(number, letter)
    fault = StoreFault(Cause.PERMISSION, "read-only")
    shop.opened = lambda address: Stubborn(open_directory(address), fault)  # type: ignore[assignment,return-value]
    shop.sweep()
    assert shop.holds("A")


# Killed at any step


class Killed(BaseException):
    """What SIGKILL is to the caller."""


def killed_at(operation: str, call: int) -> Callable[[Address], Sender]:
    return lambda address: Faulty(open_directory(address), {(operation, call): Trip(fault=Killed())})


def until_killed(shop: Shop, operation: str, call: int, *, at: int) -> bool:
    """False once there are not so many calls."""
    shop.opened = killed_at(operation, call)
    try:
        shop.sweep(at=at)
    except Killed:
        return True
    else:
        return False
    finally:
        shop.opened = open_directory


def laid_out(folder: Path, letters: Sequence[str]) -> Shop:
    shop = Shop(folder)
    for number, letter in enumerate(letters, start=1):
        shop.send(number, letter)
    shop.send(1, letters[0], package="cad")
    return shop


@pytest.mark.parametrize(("operation", "least"), [("create", 2), ("remove", 6), ("remove_folder", 1)])
def test_R3_a_sweep_killed_before_any_change_leaves_every_kept_revision_whole(
    quick_folder: str, operation: str, least: int
) -> None:
    call, killed = 0, True
    while killed:
        call += 1
        shop = laid_out(Path(quick_folder) / str(call), "ABCD")
        shop.sweep(at=NOW - DAY - 1)
        shop.send(5, "E")
        shop.send(6, "C")
        killed = until_killed(shop, operation, call, at=NOW)
        assert shop.is_whole()
        assert shop.is_whole("cad")
        shop.sweep(at=NOW)
        shop.sweep(at=NOW + DAY)
        assert (shop.records(), shop.records("cad"), shop.condemned()) == ([5, 6], [1], [])
        assert [letter for letter in "ABCDE" if shop.lies(letter)] == ["A", "C", "E"]
    assert call > least
