"""A store on a small file system of its own: sends come in full or wait with need and have, and go on by themselves.

    unshare -m python -m tests.end_to_end.full_disks FOLDER OPTION SIZE...

For each size a tmpfs is mounted with `OPTION=SIZE` (`size`, `nr_inodes`), a worker runs until it is idle, the file
system is made large and another worker runs. With the option `together` two sends go to one site of that size, which
has room for one of them; with `torn` a worker is killed amid its only block, and what it left takes the room that the
next one needs; with `ro` the file system is read-only at first, whatever the size. Prints JSON: how many sends came in
full, how many waited, and what was wrong, by size.
"""

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.end_to_end.crew import Crew, Ended, noise
from tests.end_to_end.killed_sends import SITE, STORIES, contents, copy, in_small_packs, kill, rows, shown
from tests.end_to_end.onlooker import strangers, usable
from tests.end_to_end.stepping import before_each_step, chosen

LARGE = {"size": "size=64m", "nr_inodes": "nr_inodes=10k", "ro": "rw"}
SAID = {
    "space": re.compile(r"need [0-9.]+ (B|KiB|MiB|files), have [0-9.]+"),
    "permission": re.compile(r".*: read-only file system"),
}


def mount(place: Path, options: str) -> None:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    subprocess.run(command, check=True, timeout=20)


def later() -> None:
    """A minute later: whatever backs off has its time."""
    now = time.time
    time.time = lambda: now() + 60
    in_small_packs()


def work(crew: Crew) -> Ended:
    return crew.reconcile("work", "--until-idle", "-o", "ndjson", before=in_small_packs)


def waits(crew: Crew, ended: Ended, *, cause: str) -> Iterator[str]:
    """What is wrong where there is no room."""
    told = [line for line in ended.objects if line["event"] == "waits"]
    if not told or any(line["cause"] != cause or not SAID[cause].match(line["detail"]) for line in told):
        yield f"told: {[line for line in ended.objects if line['event'] != 'started']} {ended.err}"
    if shown(crew) != (0, {}) or list(crew.store(SITE).glob("records/*/*")):
        yield "R3: there is a record"
    if [row.state for row in rows(crew)] != ["backing-off"]:
        yield f"rows: {rows(crew)}"
    if strangers(crew.store(SITE)):
        yield f"left: {strangers(crew.store(SITE))}"


def goes_on(crew: Crew) -> Iterator[str]:
    """What is wrong once there is room."""
    ended = crew.reconcile("work", "--until-idle", "-o", "ndjson", before=later)
    if ended.code != 0 or shown(crew) != (1, contents(crew.source("till"))):
        yield f"with room it does not go on: {ended}"
    if [row.state for row in rows(crew)] != ["complete"]:
        yield f"rows: {rows(crew)}"


def together(crew: Crew, size: str) -> Iterator[str]:
    """What is wrong where two sends at a time have room for one (L20): neither may run into the end of the disk."""
    crew.folder.mkdir()
    crew.settle(sites=[SITE], packages=["till", "cad"], slots=2)
    for seed, package in enumerate(("till", "cad")):
        crew.fill(package, {"setup.exe": noise(seed, 1_000_000)})
    crew.done("apply")
    mount(crew.store(SITE), f"size={size}")
    ended = crew.reconcile("work", "--until-idle", "-o", "ndjson", before=both_have_begun)
    told = Counter(line["event"] for line in ended.objects)
    details = [line["detail"] for line in ended.objects if line["event"] == "waits"]
    # Each counts what the other has reserved, so both may wait: that is never wrong, if not always the best.
    if told["arrived"] > 1 or not told["waits"] or not all(map(SAID["space"].match, details)):
        yield f"told: {told} {details}"
    if "kept free" not in "".join(details) or "no space left" in "".join(details):
        yield f"it ran into the end: {details}"
    if len(usable(crew.store(SITE))) != told["arrived"] or strangers(crew.store(SITE)):
        yield "R3: the site shows another number of packages than arrived"
    mount(crew.store(SITE), "remount,size=64m")
    crew.reconcile("work", "--until-idle", before=later)
    if [row.state for row in rows(crew)] != ["complete"] * 2:
        yield f"rows: {rows(crew)}"


def both_have_begun() -> None:
    """The first to write waits until the other has looked at the room, and backs off."""
    in_small_packs()

    def wait(_: str) -> None:
        give_up = time.monotonic() + 10
        with closing(sqlite3.connect(".reconciler/state.db")) as state:
            while time.monotonic() < give_up:
                if state.execute("SELECT 1 FROM readable_sends WHERE state = 'backing-off'").fetchone():
                    return
                time.sleep(0.02)

    before_each_step(chosen(f"1~write .*/{SITE}/parts/.*/.*", wait))


def torn(crew: Crew) -> Iterator[str]:
    """What is wrong where half a block of a dead attempt is in the way (R6)."""

    def killed_amid_a_block() -> None:
        before_each_step(chosen(f"2~write .*/{SITE}/parts/.*/.*", kill))

    ended = crew.reconcile("work", "--until-idle", before=killed_amid_a_block)
    left = sum(path.stat().st_size for path in crew.store(SITE).glob("parts/*/*"))
    if ended.code != -signal.SIGKILL or not 100_000 < left < 200_000:
        yield f"{left} bytes are in the way of {ended}"
    ended = crew.reconcile("work", "--until-idle", "-o", "ndjson")
    if ended.code != 0 or shown(crew) != (1, contents(crew.source("till"))):
        yield f"the next one does not go on: {ended}"


def main(folder: Path, option: str, sizes: list[str]) -> None:
    base = Crew(folder / "base")
    base.folder.mkdir()
    STORIES["content"].begun(base)
    wrong: dict[str, list[str]] = {}
    full = 0
    for size in sizes:
        crew = Crew(folder / size)
        if option == "together":
            found = list(together(crew, size))
        else:
            copy(base, crew.folder)
            mount(crew.store(SITE), {"ro": "ro", "torn": f"size={size}"}.get(option, f"{option}={size}"))
            found = list(torn(crew)) if option == "torn" else []
            ended = work(crew)
            full += ended.code == 0
            if ended.code != 0:
                found += waits(crew, ended, cause="permission" if option == "ro" else "space")
                mount(crew.store(SITE), f"remount,{LARGE[option]}")
            found += goes_on(crew)
        subprocess.run(["umount", str(crew.store(SITE))], check=True, timeout=20)
        if found:
            wrong[size] = found
    print(json.dumps({"full": full, "waited": len(sizes) - full, "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
