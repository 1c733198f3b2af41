"""What a look at a store finds, and what the state makes of it (sending.md 6)."""

import os
import threading
import time
from pathlib import Path

import pytest

from reconciler.engine.verifying.flapping import heals
from reconciler.engine.verifying.verify import _bytes_per_second, verify
from reconciler.model.holdings import Absent, Damaged, Receipt, RecordOnly, Staged, Unknown
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import PackageName
from reconciler.model.quantities import BitsPerSecond
from reconciler.model.sites import Address, Limits, Verification
from reconciler.model.snapshot import Cause, Wanted
from reconciler.model.stores import StoreFault, StoreId
from reconciler.model.verification import Answer, Effect
from reconciler.parcels.records import record_bytes
from reconciler.parcels.store_names import pack_name, record_name
from reconciler.senders.directory import open_directory
from reconciler.senders.protocol import Missing, Sender
from reconciler.state.protocol import Author
from tests.builders import NOW
from tests.engine.stores import DE1, TILL_4, Tripping, World, fleet_of, means, site
from tests.parcels.staging import PACK, TILL, listing_of, members_of, record_of, stage, staged_files, tar_of
from tests.senders.faulty import Trip

LATER = NOW + 8 * 86400
"""More than `verify.every` after the proof."""

DAMAGE = "is not what it was"


@pytest.fixture
def world(quick_folder: str) -> World:
    """Number 1 of till-4 at DE1, whole, and proved now."""
    world = World(Path(quick_folder) / "DE1")
    world.prove(world.stage())
    return world


def alter(path: Path) -> None:
    """One bit, at the same size."""
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


# What is looked at


def test_R4_a_look_at_names_and_sizes_renews_no_proof(world: World) -> None:
    found = world.pair(at=NOW + 60)
    assert (found.effect, found.read) == (Effect.AGREES, False)
    holding = world.holding()
    assert isinstance(holding, Staged)
    assert holding.verified_at == NOW


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"at": LATER}, True),
        ({"at": LATER, "verification": Verification(every=Seconds(30 * 86400))}, False),
        ({"at": NOW + 60, "deep": True}, True),
        ({"at": NOW + 60, "verification": Verification(deep=True)}, True),
    ],
)
def test_bytes_are_read_when_asked_for_or_when_their_time_has_come(
    world: World, given: dict[str, int], *, read: bool
) -> None:
    found = world.pair(**given)
    assert (found.effect, found.read) == (Effect.AGREES, read)
    holding = world.holding()
    assert isinstance(holding, Staged)
    assert holding.verified_at == (given["at"] if read else NOW)


def test_each_pack_is_read_once_however_many_packages_name_it(world: World) -> None:
    world.prove(world.stage(package="till-5"))
    opened = Tripping()
    assert [pair.found.__class__ for pair in world.look(deep=True, opened=opened).pairs] == [Staged, Staged]
    assert opened.made[0].calls["digest"] == 1


def test_a_pack_is_read_twice_before_it_is_called_damaged(world: World) -> None:
    opened = Tripping({("digest", 1): Trip(fault=Missing("for once"))})
    assert world.pair(deep=True, opened=opened).effect is Effect.AGREES
    assert opened.made[0].calls["digest"] == 2


def test_L34_an_altered_byte_is_found_by_reading_it(world: World) -> None:
    alter(world.path / pack_name(PACK))
    assert world.pair().effect is Effect.AGREES
    found = world.pair(deep=True)
    assert (found.effect, found.why) == (Effect.DRIFT, f"pack {PACK} {DAMAGE}")
    assert world.holding() == Damaged(held=found.found.held, found_at=NOW)  # type: ignore[union-attr]


@pytest.mark.parametrize("number", [0, 1])
def test_the_same_damage_is_no_news_and_stays_drift(world: World, number: int) -> None:
    name = pack_name(PACK) if number else record_name(TILL_4, 1)
    (world.path / name).unlink()
    assert world.pair().effect is Effect.DRIFT
    before = world.holding()
    again = world.pair(at=NOW + 60)
    assert (again.effect, again.is_drift, world.holding()) == (Effect.AGREES, True, before)
    assert len(world.state.history(subject="pair/till-4@DE1")) == 2


# What is lost


def test_L34_the_record_of_what_was_proved_is_gone_though_an_earlier_one_is_there(world: World) -> None:
    world.prove(world.stage(2))
    (world.path / record_name(TILL_4, 2)).unlink()
    assert world.pair().found == Absent()
    holding = world.holding()
    assert isinstance(holding, Absent)
    assert holding.lost is not None


@pytest.mark.parametrize(
    "kind", ["record altered", "record a link", "index gone", "index a link", "pack cut", "pack gone"]
)
def test_L34_whatever_of_the_copy_is_not_as_it_was_is_damage(world: World, kind: str) -> None:
    what, how = kind.split(" ", 1)
    folder = {"record": "records/till-4", "index": "indexes", "pack": "packs"}[what]
    (file,) = (world.path / folder).iterdir()
    match how:
        case "altered":
            alter(file)
        case "cut":
            os.truncate(file, file.stat().st_size - 1)
        case "gone":
            file.unlink()
        case _:
            file.rename(world.path / "moved")
            file.symlink_to(world.path / "moved")
    assert isinstance(world.pair().found, Damaged)
    assert isinstance(world.holding(), Damaged)


def test_a_folder_that_became_a_link_is_unknown_and_never_followed(world: World) -> None:
    (world.path / "records/till-4").rename(world.path.parent / "elsewhere")
    (world.path / "records/till-4").symlink_to(world.path.parent / "elsewhere")
    assert isinstance(world.pair().found, Unknown)


def test_L1_a_record_without_its_content_is_only_a_record(quick_folder: str) -> None:
    world = World(Path(quick_folder) / "DE1")
    world.stage(3)
    (world.path / pack_name(PACK)).unlink()
    assert isinstance(world.pair().found, RecordOnly)
    assert isinstance(world.holding(), RecordOnly)
    assert next(iter(world.state.pairs())).mark == 3


def test_L33_what_the_state_does_not_know_is_read_to_the_last_byte(quick_folder: str) -> None:
    world = World(Path(quick_folder) / "DE1")
    record = world.stage(3)
    found = world.pair()
    assert (found.read, found.effect) == (True, Effect.DRIFT)
    assert world.holding() == Staged(held=record.held, verified_at=NOW)
    assert world.state.stores() == {DE1: StoreId("5" * 32)}


def test_L1_a_listing_that_is_not_that_of_the_content_proves_nothing(quick_folder: str) -> None:
    world = World(Path(quick_folder) / "DE1")
    lie = stage(tar_of(members_of(TILL)), listing_of(TILL), content="sha256:" + "a" * 64)
    world.stage(staged=lie)
    found = world.pair()
    assert isinstance(found.found, RecordOnly)
    assert found.why.startswith("the listing is not that of sha256:aaaa")


def test_an_index_of_other_content_than_its_record_proves_nothing(world: World) -> None:
    index = next((world.path / "indexes").iterdir()).read_bytes()
    lie = record_of(index, number=2, content="sha256:" + "a" * 64)
    (world.path / lie.index.file).write_bytes(index)
    (world.path / record_name(TILL_4, 2)).write_bytes(record_bytes(lie))
    found = world.pair(deep=True)
    assert isinstance(found.found, RecordOnly)
    assert found.why == f"{lie.index.file} is of other content than record 2"


# What cannot be told


def test_a_pack_that_cannot_be_read_is_unknown_and_no_damage(world: World) -> None:
    trip = Trip(fault=StoreFault(Cause.NETWORK, "input/output error"))
    opened = Tripping({("digest", 1): trip, ("digest", 2): trip})
    assert world.pair(deep=True, opened=opened).found == Unknown(reason="network: input/output error")
    assert isinstance(world.holding(), Unknown)


def test_wherever_the_line_goes_down_nothing_is_called_lost(world: World) -> None:
    opened = Tripping()
    world.look(deep=True, opened=opened)
    calls = opened.made[0].calls["*"]
    before = world.holding()
    for call in range(1, calls + 1):
        found = world.look(deep=True, opened=Tripping({("*", later): Trip() for later in range(call, 200)}))
        assert (found.answer, found.pairs, world.holding()) == (Answer.SILENT, (), before), call
    assert calls > 10


@pytest.mark.parametrize(
    "kind", ["no identity", "another store", "another state", "another site", "nothing", "garbage"]
)
def test_L37_what_is_not_the_sites_store_makes_its_pairs_unknown_and_back_it_is_staged(world: World, kind: str) -> None:
    away = world.path.parent / "away"
    identity = (world.path / "reconciler-store.json").read_bytes()
    match kind:
        case "no identity":
            (world.path / "reconciler-store.json").unlink()
        case "another store":
            world.identify(store=StoreId("e" * 32))
        case "another state":
            world.identify(state="f" * 32)
        case "another site":
            world.identify(site="FR1")
        case "garbage":
            (world.path / "reconciler-store.json").write_bytes(b"garbage")
        case _:
            world.path.rename(away)
    found = world.look()
    assert found.answer is Answer.OTHER
    assert [pair.effect for pair in found.pairs] == [Effect.DRIFT]
    assert isinstance(world.holding(), Unknown)
    if away.exists():
        away.rename(world.path)
    (world.path / "reconciler-store.json").write_bytes(identity)
    assert world.look().answer is Answer.READ
    assert isinstance(world.holding(), Staged)


def test_L37_a_store_that_is_exchanged_while_it_is_read_tells_nothing(world: World) -> None:
    (world.path / pack_name(PACK)).unlink()
    opened = Tripping(after=lambda operation: world.identify(store=StoreId("e" * 32)) if operation == "read" else None)
    found = world.look(opened=opened)
    assert (found.answer, type(found.pairs[0].found)) == (Answer.OTHER, Unknown)


def test_an_empty_place_of_a_new_site_is_no_drift_and_stays_empty(quick_folder: str) -> None:
    world = World(Path(quick_folder) / "DE1")
    world.path.mkdir()
    assert (world.look().answer, os.listdir(world.path)) == (Answer.EMPTY, [])


def test_a_site_that_hangs_holds_up_no_other(world: World) -> None:
    never = threading.Event()

    def opened(address: Address) -> Sender:
        if address.path.endswith("dead"):
            never.wait()
        return open_directory(address)

    sites = [*(site(world.path.parent / f"{name}-dead", name) for name in ("AA1", "ZZ1")), site(world.path)]
    began = time.monotonic()
    looks = list(verify(sites, fleet_of(*sites), world.state, means(opened=opened, patience=0.1), write=True))
    assert sorted((look.site, look.answer.value) for look in looks) == [
        ("AA1", "not-asked"),
        ("DE1", "read"),
        ("ZZ1", "not-asked"),
    ]
    assert time.monotonic() - began < 4
    never.set()


# What counts


def test_a_look_at_a_pair_that_moved_meanwhile_does_not_count(world: World) -> None:
    record = world.stage(2)
    for name in (1, 2):
        (world.path / record_name(TILL_4, name)).unlink()

    def arrive(operation: str) -> None:
        if operation == "entries":
            world.prove(record)

    found = world.pair(opened=Tripping(after=arrive))
    assert (found.found, found.effect) == (Absent(), Effect.MOVED)
    assert world.holding() == Staged(held=record.held, verified_at=NOW)


def test_a_dry_run_tells_of_drift_and_records_none(world: World) -> None:
    (world.path / pack_name(PACK)).unlink()
    assert world.pair(write=False).effect is Effect.DRIFT
    assert isinstance(world.holding(), Staged)


def test_a_higher_number_with_other_content_is_what_the_site_holds(world: World) -> None:
    other = world.stage(5, staged=staged_files({"other": ("f", b"other")}, pack="7" * 32))
    assert world.pair().effect is Effect.DRIFT
    (pair,) = world.state.pairs()
    assert (pair.number, pair.mark, pair.holding) == (5, 5, Staged(held=other.held, verified_at=NOW))


def test_L34_a_torn_record_uses_up_its_number_so_that_one_send_heals(world: World) -> None:
    (world.path / record_name(TILL_4, 2)).write_bytes(b"{")
    assert world.pair().effect is Effect.AGREES
    (pair,) = world.state.pairs()
    assert (pair.number, pair.mark, type(pair.holding)) == (1, 2, Staged)


def test_the_lower_of_two_rates_holds(tmp_path: Path) -> None:
    slow = site(tmp_path, limits=Limits(rate=BitsPerSecond(8000)))
    assert _bytes_per_second(slow, None) == 1000
    assert _bytes_per_second(slow, BitsPerSecond(800)) == 100
    assert _bytes_per_second(slow, BitsPerSecond(80_000)) == 1000
    assert _bytes_per_second(site(tmp_path), None) is None


# What is none of ours


def test_L35_what_is_none_of_ours_is_named_and_left_alone(world: World) -> None:
    (world.path / "holiday.jpg").touch()
    (world.path / "packs" / f"{'8' * 32}.pack").symlink_to("/etc/passwd")
    os.mkfifo(world.path / "indexes" / "pipe")
    (world.path / "records" / "Not a package").mkdir()
    (world.path / "records" / "till-4" / "latest.json").touch()
    (world.path / "records" / "unheard-of").mkdir()
    found = world.look(deep=True)
    assert [(one.name, one.kind) for one in found.strangers] == [
        ("holiday.jpg", "file"),
        (f"packs/{'8' * 32}.pack", "link or device"),
        ("indexes/pipe", "link or device"),
        ("records/Not a package", "folder"),
        ("records/till-4/latest.json", "file"),
    ]
    assert (found.stranger_count, [pair.effect for pair in found.pairs]) == (5, [Effect.AGREES])


def test_a_thousand_strangers_are_counted_and_a_hundred_named(world: World) -> None:
    for number in range(1000):
        (world.path / f"{number:04}").touch()
    found = world.look()
    assert (len(found.strangers), found.stranger_count) == (100, 1000)


# What heals and is lost again


def heal(world: World, number: int, at: Instant) -> None:
    record = world.stage(number)
    receipt = Receipt(
        package=TILL_4, site=DE1, number=number, held=record.held, verified_at=at, verifier="w", proof="read-back"
    )
    world.state.receive(receipt, Author(actor="w", at=at))


def test_a_pair_that_heals_three_times_within_an_hour_is_held_until_resume(world: World) -> None:
    at = Instant(NOW)
    for number in range(2, 5):
        (world.path / pack_name(PACK)).unlink()
        assert not world.pair(at=at).held
        at = Instant(at + 600)
        heal(world, number, at)
    (world.path / pack_name(PACK)).unlink()
    found = world.pair(at=at)
    assert (found.effect, found.held) == (Effect.DRIFT, True)
    (hold,) = world.state.snapshot(Wanted(sites=(), packages=())).holds
    assert (hold.package, hold.site, hold.actor, hold.until) == (TILL_4, DE1, "reconciler", None)
    world.state.release(DE1, TILL_4, Author(actor="you", at=at))
    heal(world, 5, at)
    (world.path / pack_name(PACK)).unlink()
    assert not world.pair(at=at).held, "what lies before the resume is forgiven"


def test_heals_of_more_than_an_hour_ago_hold_nothing(world: World) -> None:
    at = Instant(NOW)
    for number in range(2, 6):
        (world.path / pack_name(PACK)).unlink()
        assert not world.pair(at=at).held
        at = Instant(at + 1300)
        heal(world, number, at)
    assert heals(world.state, TILL_4, DE1, at=at) == 2
    assert heals(world.state, PackageName("other"), DE1, at=at) == 0
