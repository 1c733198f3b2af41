"""What `doctor` looks at: sites that never answer, stores that are not ours, clocks, limits and the state."""

import os
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.engine.checkup.commits import commits
from reconciler.engine.checkup.depot import depot
from reconciler.engine.checkup.in_time import in_time
from reconciler.engine.checkup.machine import clock, watching
from reconciler.engine.checkup.sites import Stores
from reconciler.engine.checkup.state import check_state
from reconciler.engine.stores.opening import make_store
from reconciler.model.checkup import Check, Condition
from reconciler.model.diagnostics import Where
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.quantities import Bytes
from reconciler.model.settings import GitSettings
from reconciler.model.sites import Address, Limits, Site, SiteType
from reconciler.model.stores import StateId, StoreId
from reconciler.senders.directory import open_directory
from reconciler.senders.protocol import Sender
from reconciler.state.examining import examine_sqlite
from reconciler.state.sqlite import open_sqlite
from tests.builders import NOW
from tests.git.repositories import Repo
from tests.planning import builders
from tests.planning.builders import World
from tests.users import nobody

OURS = StateId("a" * 32)
DE1 = SiteName("DE1")


def site(name: str, path: Path | None, **fields: object) -> Site:
    return Site(
        name=SiteName(name),
        type=SiteType.PRIMARY,
        parent=None,
        where=Where("sites.yaml"),
        labels={},
        domains={},
        address=None if path is None else Address(type="directory", path=str(path)),
        **fields,  # type: ignore[arg-type]  # what a test says of it
    )


def stores(
    pinned: Mapping[SiteName, StoreId] | None = None, *, write: bool = True, opened: object = open_directory
) -> Stores:
    return Stores(
        open_sender=opened,  # type: ignore[arg-type]  # a factory of senders
        state=OURS,
        pinned=pinned or {},
        required={DE1},
        write=write,
    )


def store_of(path: Path, name: str = "DE1", state: StateId = OURS) -> StoreId:
    path.mkdir(exist_ok=True)
    sender = open_directory(Address(type="directory", path=str(path)))
    try:
        return make_store(sender, SiteName(name), state=state).store
    finally:
        sender.close()


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_store_that_is_ours_is_written_and_read_and_left_as_it_was(tmp_path: Path) -> None:
    pinned = {DE1: store_of(tmp_path / "DE1")}
    before = files(tmp_path)
    found = stores(pinned).check(site("DE1", tmp_path / "DE1"))
    assert (found.condition, found.detail.startswith("its store, read and written, ")) == (Condition.OK, True)
    assert files(tmp_path) == before
    assert os.listdir(tmp_path / "DE1" / "parts") == []


def test_a_look_alone_writes_nothing(tmp_path: Path) -> None:
    store_of(tmp_path / "DE1")
    (tmp_path / "DE1" / "parts").rmdir()
    found = stores(write=False).check(site("DE1", tmp_path / "DE1"))
    assert (found.condition, found.detail.startswith("its store, read, ")) == (Condition.OK, True)
    assert not (tmp_path / "DE1" / "parts").exists()


@pytest.mark.parametrize("kind", ["nowhere", "strange", "other-site", "other-state", "gone", "another"])
def test_L37_a_store_that_is_not_ours_is_a_problem_and_nothing_is_written_there(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "DE1"
    pinned = {}
    match kind:
        case "strange":
            place.mkdir()
            (place / "holiday.jpg").touch()
        case "other-site":
            store_of(place, "FR1")
        case "other-state":
            store_of(place, state=StateId("b" * 32))
        case "gone":
            place.mkdir()
            pinned = {DE1: StoreId("c" * 32)}
        case "another":
            store_of(place)
            pinned = {DE1: StoreId("c" * 32)}
    before = files(tmp_path)
    found = stores(pinned).check(site("DE1", place))
    assert (found.condition, found.detail.startswith("store-mismatch: ")) == (Condition.PROBLEM, True)
    assert found.remedy or "reconcile enroll DE1" in found.detail
    assert files(tmp_path) == before


def test_an_empty_place_is_the_store_of_the_first_send_and_stays_empty(tmp_path: Path) -> None:
    (tmp_path / "DE1").mkdir()
    found = stores().check(site("DE1", tmp_path / "DE1"))
    assert (found.condition, found.detail.endswith("the first send makes it the site's store")) == (Condition.OK, True)
    assert os.listdir(tmp_path / "DE1") == []


def test_a_store_that_may_not_be_written_is_a_problem(tmp_path: Path) -> None:
    store_of(tmp_path / "DE1")
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    (tmp_path / "DE1" / "reconciler-store.json").chmod(0o644)
    with nobody():
        found = stores().check(site("DE1", tmp_path / "DE1"))
    assert (found.condition, found.detail.partition(":")[0]) == (Condition.PROBLEM, "permission")


def test_less_room_than_the_site_keeps_free_is_a_problem(tmp_path: Path) -> None:
    store_of(tmp_path / "DE1")
    found = stores().check(site("DE1", tmp_path / "DE1", limits=Limits(reserve_free=Bytes(2**60))))
    assert (found.condition, "limits.reserveFree keeps 1,048,576.0 TiB" in found.detail) == (Condition.PROBLEM, True)


def test_a_site_without_an_address_is_a_warning_only_if_a_job_needs_it() -> None:
    found = list(stores().checks([site("FR1", None), site("DE1", None)]))
    assert [(check.subject, check.condition) for check in found] == [
        ("site/DE1", Condition.WARNING),
        ("site/FR1", Condition.OK),
    ]


def test_a_site_that_never_answers_holds_up_nobody(tmp_path: Path) -> None:
    store_of(tmp_path / "DE1")
    never = threading.Event()

    def opened(address: Address) -> Sender:
        if address.path.endswith("dead"):
            never.wait()
        return open_directory(address)

    before = set(threading.enumerate())
    dead = [site(f"XX{number}", tmp_path / f"{number}-dead") for number in range(20)]
    found: list[Check] = list(stores(opened=opened).checks([*dead, site("DE1", tmp_path / "DE1")], limit=0.2))
    left_behind = set(threading.enumerate()) - before
    assert (len(left_behind) >= 20, {thread.daemon for thread in left_behind}) == (True, {True})
    never.set()
    assert [check.condition for check in found] == [Condition.OK, *[Condition.PROBLEM] * 20]
    assert found[1].detail == "no answer within 0.2 s"


def test_each_question_is_answered_once_and_only_so_many_are_asked_at_a_time() -> None:
    running = threading.Semaphore(3)

    def ask(number: int) -> int:
        assert running.acquire(blocking=False)
        running.release()
        return number * number

    answers = dict(in_time({n: lambda n=n: ask(n) for n in range(50)}, limit=10, at_once=3))
    assert answers == {n: n * n for n in range(50)}


@pytest.mark.parametrize(
    ("now", "latest", "expected"),
    [
        (NOW, None, Condition.OK),
        (NOW, Instant(NOW + 60), Condition.OK),
        (NOW, Instant(NOW + 61), Condition.WARNING),
        (Instant(0), None, Condition.PROBLEM),
    ],
)
def test_a_clock_that_was_set_back_is_told(now: Instant, latest: Instant | None, expected: Condition) -> None:
    assert clock(now=now, latest=latest).condition is expected


def test_more_folders_than_the_system_lets_us_watch_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "manifests" / "a" / "b").mkdir(parents=True)
    limits = tmp_path / "limits"
    limits.mkdir()
    (limits / "max_user_instances").write_text("128\n")
    for allowed, expected in (("2", Condition.WARNING), ("100", Condition.OK)):
        (limits / "max_user_watches").write_text(allowed)
        (found,) = watching([str(tmp_path / "manifests")], [], limits=str(limits))
        assert found.condition is expected
    assert list(watching([], [], limits=str(tmp_path / "none"))) == []


def test_a_whole_state_is_told_with_its_schema(tmp_path: Path) -> None:
    missing = check_state(examine_sqlite(str(tmp_path / "state.db")))
    assert (missing.condition, "is not there yet" in missing.detail) == (Condition.OK, True)
    assert os.listdir(tmp_path) == []
    open_sqlite(str(tmp_path / "state.db"), write=True).close()
    found = check_state(examine_sqlite(str(tmp_path / "state.db")))
    assert (found.condition, ": whole, schema " in found.detail) == (Condition.OK, True)


def test_a_damaged_state_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    open_sqlite(str(path), write=True).close()
    broken = sqlite3.connect(path)
    broken.execute("PRAGMA writable_schema = ON")
    broken.execute("UPDATE sqlite_master SET rootpage = 3 WHERE rootpage = (SELECT max(rootpage) FROM sqlite_master)")
    broken.commit()
    broken.close()
    found = check_state(examine_sqlite(str(path)))
    assert (found.condition, found.remedy) == (Condition.PROBLEM, "reconcile state restore FILE")


def fleet_that_packs(size: int, *, address: bool) -> Fleet:
    return World().add(builders.site("HQ1", address=address), builders.package("till", size=size)).fleet()


def test_a_depot_without_room_or_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    folder = str(tmp_path / "later" / "depot")
    (found,) = depot(folder, fleet_that_packs(1000, address=False))
    assert (found.condition, os.listdir(tmp_path)) == (Condition.OK, [])
    (found,) = depot(folder, fleet_that_packs(2**62, address=False))
    assert (found.condition, found.remedy) == (Condition.WARNING, "make room there")
    with nobody():
        (found,) = depot(folder, fleet_that_packs(1000, address=False))
    assert found.condition is Condition.PROBLEM


def test_an_origin_with_an_address_packs_into_its_own_store(tmp_path: Path) -> None:
    assert list(depot(str(tmp_path), fleet_that_packs(2**62, address=True))) == []


# commits


def test_a_program_that_signatures_need_and_is_not_there_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signers = tmp_path / "signers"
    signers.write_text("anna@example.org ssh-ed25519 AAAA\n")
    settings = GitSettings(require_signed=True, allowed_signers=str(signers))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {check.subject: check.condition for check in commits(settings, repo=None, clone=str(tmp_path))}
    assert found == {"git/signers": Condition.OK, "git/ssh-keygen": Condition.PROBLEM}


def test_a_repository_without_the_branch_or_without_an_answer_is_a_problem(tmp_path: Path) -> None:
    origin = Repo.new(tmp_path / "origin")
    origin.commit()
    settings = {branch: GitSettings(repo="there", branch=branch) for branch in ("main", "gone")}
    there, gone = (
        next(commits(settings[branch], repo=str(origin.path), clone=str(tmp_path / "clone"))) for branch in settings
    )
    assert (there.condition, gone.condition) == (Condition.OK, Condition.PROBLEM)
    assert "no branch gone" in gone.detail
    (silent,) = commits(settings["main"], repo=str(origin.path), clone=str(tmp_path / "clone"), limit=0.0)
    assert (silent.condition, silent.detail) == (Condition.PROBLEM, "no answer within 0 s")


def test_an_old_lock_in_the_clone_is_told_and_a_new_one_is_a_fetch(tmp_path: Path) -> None:
    origin = Repo.new(tmp_path / "origin")
    origin.commit()
    clone = Repo.new(tmp_path / "clone.git", bare=True).path
    old, new = clone / "refs" / "heads" / "main.lock", clone / "packed-refs.lock"
    for lock in (old, new):
        lock.touch()
    os.utime(old, (1, 1))
    found = list(commits(GitSettings(repo="there"), repo=str(origin.path), clone=str(clone)))
    assert [(check.subject, check.condition) for check in found] == [
        ("git/repository", Condition.OK),
        ("git/clone", Condition.WARNING),
    ]
    assert str(old) in found[1].detail
