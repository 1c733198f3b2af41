"""`reconcile work` under strace, which kills it at a system call or makes one fail; then a run that nobody disturbs.

    python -m tests.end_to_end.traced_sends FOLDER kill SYSCALL...
    python -m tests.end_to_end.traced_sends FOLDER EIO SYSCALL...

Each thread's N-th call of a SYSCALL counts, for N = 1, 2, ... until a run comes to its end undisturbed. Prints JSON:
how many were killed or met a fault, and what was wrong, by call.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from tests.end_to_end.crew import Crew
from tests.end_to_end.killed_sends import SITE, STORIES, begin, copy, differences, in_small_packs, rows, shown
from tests.end_to_end.onlooker import strangers

PROGRAM = """\
from reconciler.engine.sending import assignment
assignment.LARGEST_PACK = 2**17
from reconciler.__main__ import main
main()
"""

STORY = STORIES["content"]


FLUSHED = re.compile(r"fsync\(\d+<(?P<path>.*)>\).*\(INJECTED\)")
HIT = re.compile(r"\w+\(\d+<(?P<path>[^>]*)>.*\(INJECTED\)")


def traced(crew: Crew, syscall: str, number: int, fault: str) -> tuple[int, str]:
    """How the worker ended, and what strace saw."""
    log = crew.folder / "strace"
    inject = "signal=KILL" if fault == "kill" else f"error={fault}"
    command = [
        *("strace", "-f", "-qq", "-y", "-o", str(log), f"--trace={syscall}"),
        *("-e", f"inject={syscall}:{inject}:when={number}"),
        *(sys.executable, "-c", PROGRAM, "work", "--until-idle", "-o", "ndjson"),
    ]
    environment = os.environ | {"XDG_CACHE_HOME": str(crew.folder / "cache"), "PYTHONPATH": os.getcwd()}
    with (crew.folder / "out").open("w") as out, (crew.folder / "err").open("w") as err:
        ended = subprocess.run(
            command, cwd=crew.fleet, env=environment, stdout=out, stderr=err, timeout=120, check=False
        )
    return ended.returncode, log.read_text()


def later() -> None:
    """A minute later: whatever backs off has its time."""
    now = time.time
    time.time = lambda: now() + 60
    in_small_packs()


def faults(crew: Crew, seen: str, fault: str) -> Iterator[str]:
    """What is wrong after a kill or a fault, and after a run that nobody disturbs."""
    told = (crew.folder / "out").read_text() + (crew.folder / "err").read_text()
    if "fault of reconcile" in told or "Traceback" in told:
        yield f"told: {told}"
    number, _ = shown(crew)
    if number not in (0, 1) or strangers(crew.store(SITE)):
        yield f"R3: the site shows number {number} beside {strangers(crew.store(SITE))}"
    before = rows(crew)
    for found in FLUSHED.finditer(seen):
        if fault == "EIO" and re.search("/parts/.*/", found["path"]) and os.path.exists(found["path"]):
            yield f"{found['path']} is still there, though it could not be flushed"
    again = crew.reconcile("work", "--until-idle", before=later)
    if again.code != 0:
        yield f"the second run ended with {again}"
    yield from differences(crew, STORY, before)


def concerns_a_store(seen: str) -> bool:
    """Whether only files of a store or depot were hit: what is wrong with a terminal is another matter."""
    return all("/stores/" in found["path"] or "/depot/" in found["path"] for found in HIT.finditer(seen))


def main(folder: Path, fault: str, syscalls: list[str]) -> None:
    base = begin(folder, STORY)
    wrong: dict[str, list[str]] = {}
    hits = dict.fromkeys(syscalls, 0)
    for syscall in syscalls:
        for number in count(1):
            crew = copy(base, folder / "traced")
            code, seen = traced(crew, syscall, number, fault)
            if code != -signal.SIGKILL and "(INJECTED)" not in seen:
                break
            if fault != "kill" and not concerns_a_store(seen):
                continue
            hits[syscall] += 1
            found = list(faults(crew, seen, fault))
            if found:
                wrong[f"{syscall} {number}"] = found
    print(json.dumps({"hits": hits, "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
