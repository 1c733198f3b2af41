"""`git checkout` of thousands of files under a watcher of files: one plan, and nothing of it lost."""

import json
import os
import time
from dataclasses import dataclass

from benchmarks.fleet import write_fleet
from benchmarks.sizes import Size
from benchmarks.watching.place import Place, begin
from benchmarks.watching.recorded import Recorded
from benchmarks.watching.watcher import Watcher, rest, watching

SITES = 100
QUIET = 5.0
"""Seconds without CPU to speak of after which nothing more is to come; longer than the settle window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """`plans` recorded something; `lost` pairs were not recorded by any. `seconds` from the checkout's end."""

    files: int
    plans: int
    lost: int
    seconds: float


def checked_out(folder: str, *, files: int, variables: dict[str, str]) -> Storm:
    """A branch without jobs, then one with a file for each: every file requires one pair."""
    size = Size(files // SITES, SITES)
    place = Place(folder, variables)
    write_fleet(folder, size)
    jobs = {name: one_by_one(place, name, size) for name in size.package_names}
    begin(place)
    place.git("branch", "few")
    for documents in jobs.values():
        for path, text in documents.items():
            place.save(path, text)
    place.git("add", "manifests")
    place.git("commit", "--quiet", "-m", "A job for each pair")
    place.git("checkout", "--quiet", "few")
    os.makedirs(os.path.dirname(place.state), exist_ok=True)
    with watching(place, "--files") as watcher:
        rest(watcher, for_=QUIET)
        before = len(_recording(watcher))
        place.git("checkout", "--quiet", "main")
        began = time.monotonic()
        recorded = Recorded(place.state)
        try:
            ended = recorded.rises(recorded.last_job, 0, check=watcher.check)
            rest(watcher, for_=QUIET)
            found = recorded.open_sends()
        finally:
            recorded.close()
        return Storm(
            files=files,
            plans=len(_recording(watcher)) - before,
            lost=size.pairs - found,
            seconds=ended - began,
        )


def one_by_one(place: Place, package: str, size: Size) -> dict[str, str]:
    """The job of a package as one file for each site; its own file is removed."""
    path = f"manifests/jobs/{package}.yaml"
    text = place.read(path)
    os.unlink(os.path.join(place.folder, path))
    head, _, rest_ = text.partition("    - ")
    tail = rest_.partition("\n")[2]
    return {
        f"manifests/jobs/{package}-{site}.yaml": (
            f"{head}    - {{names: [{site}]}}\n{tail}".replace(f"{package}-everywhere", f"{package}-{site}")
        )
        for site in size.site_names
    }


def _recording(watcher: Watcher) -> list[str]:
    """The passes that recorded send-only jobs; lines of the log stand between them."""
    lines = (json.loads(line) for line in watcher.lines() if line.startswith("{"))
    return [line["at"] for line in lines if line.get("kind") == "Pass" and line["recorded"]]
