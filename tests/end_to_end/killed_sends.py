"""`reconcile work --until-idle` killed (SIGKILL) before each of its steps, and run again: what is left is compared.

    python -m tests.end_to_end.killed_sends FOLDER STORY STEP...

A step is a number, or as in `stepping.chosen`; without any all are tried, until a run comes to its end. Prints JSON:
how many kills there were, how many chunks a second run found and did not send again, and what was wrong, by step.
Stories are in STORIES.
"""

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.end_to_end.crew import Crew, Ended, noise
from tests.end_to_end.onlooker import blocks, check, chunks, files_of_blocks, strangers, usable
from tests.end_to_end.stepping import before_each_step, chosen

SITE = "DE1"
PACKAGE = "till"
BIG = {"setup.exe": noise(1, 260_000), "docs/read me.txt": b"text\n" * 300, "empty": b""}
SMALL_PACKS = 2**17


@dataclass(frozen=True)
class Story:
    """What was there before, what is recorded now, and the highest number once it is done."""

    begun: Callable[[Crew], None]
    number: int
    records: int = 1
    bytes_of_content: bool = True
    small_packs: bool = True


def first(crew: Crew) -> None:
    crew.settle(sites=[SITE], packages=[PACKAGE])
    crew.fill(PACKAGE, BIG)
    crew.done("apply")


def setup_alone(crew: Crew) -> None:
    first(crew)
    crew.done("work", "--until-idle")
    crew.set_up(PACKAGE, "setup.exe /quiet")
    crew.done("apply")


def update(crew: Crew) -> None:
    """Another version, most of whose bytes the site has already, and another setup."""
    first(crew)
    crew.done("work", "--until-idle")
    crew.set_up(PACKAGE, "setup.exe /quiet")
    data = bytearray(BIG["setup.exe"])
    data[60_000:200_000] = noise(2, 140_000)
    crew.fill(PACKAGE, {"setup.exe": bytes(data), "new.txt": b"new"})
    crew.done("apply")


STORIES = {
    "content": Story(first, number=1),
    "whole-packs": Story(first, number=1, small_packs=False),
    "setup-only": Story(setup_alone, number=2, records=2, bytes_of_content=False),
    "update": Story(update, number=2, records=2),
}


def begin(folder: Path, story: Story) -> Crew:
    crew = Crew(folder / "base")
    crew.folder.mkdir()
    story.begun(crew)
    return crew


def copy(base: Crew, folder: Path) -> Crew:
    """The fleet as it was before the story."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base.folder, folder)
    return Crew(folder)


def in_small_packs() -> None:
    """Packs of a few blocks, so that there are several of both."""
    from reconciler.engine.sending import assignment  # noqa: PLC0415 - in the child alone

    assignment.LARGEST_PACK = SMALL_PACKS


def kill(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work(crew: Crew, story: Story, step: str = "") -> Ended:
    """Work until idle, or until it is killed at a step."""

    def before() -> None:
        if story.small_packs:
            in_small_packs()
        if step:
            before_each_step(chosen(step, kill))

    return crew.reconcile("work", "--until-idle", "-o", "ndjson", before=before)


@dataclass(frozen=True)
class Row:
    """Of the state, as SQLite has it."""

    number: int
    state: str
    attempts: int

    @property
    def is_open(self) -> bool:
        return self.state in ("queued", "sending", "verifying", "backing-off")


def rows(crew: Crew) -> list[Row]:
    with closing(sqlite3.connect(crew.fleet / ".reconciler" / "state.db")) as state:
        found = state.execute("SELECT number, state, attempts FROM readable_sends ORDER BY number")
        return [Row(*columns) for columns in found]


def shown(crew: Crew) -> tuple[int, dict[str, bytes]]:
    """The number of the highest valid record, and its files; raises Broken if they are not there (R3, R4)."""
    found = usable(crew.store(SITE)).get(PACKAGE)
    return (0, {}) if found is None else (found.number, check(crew.store(SITE), found))


def killed(crew: Crew, story: Story, step: str) -> bool:
    """Work until the step; False if there are not so many."""
    return work(crew, story, step).code == -signal.SIGKILL


def faults(crew: Crew, story: Story) -> Iterator[str]:
    """After a kill: look, work on, and compare; yields what is not as it must be."""
    store = crew.store(SITE)
    before = rows(crew)
    number, _ = shown(crew)
    if number not in (story.number - 1, story.number):
        yield f"R3: the site shows number {number} after the kill"
    if sum(row.is_open for row in before) > 1:
        yield f"R1: open rows {before}"
    if strangers(store):
        yield f"left in the store: {strangers(store)}"
    there = files_of_blocks(store)
    arrived = set(chunks(list(there.values())))
    again = work(crew, story)
    if again.code != 0 or again.err or "fault of reconcile" in again.out:
        yield f"the second run ended with {again}"
    yield from differences(crew, story, before)
    new = [path for inode, path in files_of_blocks(store).items() if inode not in there]
    twice = arrived.intersection(chunks(new))
    if twice:
        yield f"L19: {len(twice)} of {len(arrived)} chunks that had arrived whole were sent again"
    if not story.bytes_of_content and new:
        yield f"L3: content was sent: {new}"
    REUSED.append(len(arrived))


REUSED: list[int] = []
"""Whole chunks that a second run found."""


def differences(crew: Crew, story: Story, before: list[Row]) -> Iterator[str]:
    """Between what is and what an unkilled run leaves."""
    store, after = crew.store(SITE), rows(crew)
    number, files = shown(crew)
    if number != story.number:
        yield f"the site shows number {number}, not {story.number}"
    if files != contents(crew.source(PACKAGE)):
        yield "the tree at the site is another"
    if len(list(store.glob("records/*/*"))) != story.records:
        yield f"records: {sorted(store.glob('records/*/*'))}"
    if [row.state for row in after] != ["complete"] * story.records:
        yield f"rows: {after}"
    counted = [row.attempts + row.is_open for row in before]
    if [row.attempts for row in after] != counted:
        yield f"L28: attempts {before} -> {after}"
    packs = {path.stat().st_ino for path in store.glob("packs/*")}
    left = [path for path in store.glob("parts/*/*") if path.stat().st_ino not in packs]
    if left:
        yield f"left, and no second name of a pack: {left}"
    unread = [path for path in store.glob("packs/*") if not blocks(path)]
    if unread:
        yield f"packs without a whole block: {unread}"
    if crew.plans():
        yield f"L8: the next plan has changes: {crew.done('plan')}"


def contents(root: Path) -> dict[str, bytes]:
    """Every file."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def main(folder: Path, name: str, steps: list[str]) -> None:
    story = STORIES[name]
    base = begin(folder, story)
    wrong: dict[str, list[str]] = {}
    kills = 0
    for step in steps or map(str, count(1)):
        crew = copy(base, folder / "killed")
        if not killed(crew, story, step):
            break
        found = list(faults(crew, story))
        kills += 1
        if found:
            wrong[step] = found
    print(json.dumps({"kills": kills, "reused": sum(REUSED), "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
