"""A repository with a generated fleet and its state, and commits that move its branch."""

import contextlib
import os
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.fleet import write_fleet
from benchmarks.holdings import STATE, fill_state
from benchmarks.sizes import Size

BRANCH = "refs/heads/main"
_TRACKED = "reconciler.yaml", "manifests", "sources"

_AUTHOR = {
    "GIT_AUTHOR_NAME": "Anna",
    "GIT_AUTHOR_EMAIL": "anna@example.com",
    "GIT_COMMITTER_NAME": "Anna",
    "GIT_COMMITTER_EMAIL": "anna@example.com",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A work tree; `variables` are the environment of everything that runs in it."""

    folder: str
    variables: Mapping[str, str]

    @property
    def state(self) -> str:
        return os.path.join(self.folder, STATE)

    def git(self, *arguments: str, given: bytes = b"", also: Mapping[str, str] | None = None) -> str:
        """What git prints; raises CalledProcessError."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**self.variables, **_AUTHOR, **(also or {})},
            input=given,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def read(self, path: str) -> str:
        with open(os.path.join(self.folder, path), encoding="utf-8") as stream:
            return stream.read()

    def save(self, path: str, text: str) -> None:
        """As editors do: whole, under another name, then renamed."""
        full = os.path.join(self.folder, path)
        with open(f"{full}~", "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(f"{full}~", full)

    def commit(self, path: str, text: str) -> str:
        """A commit on top of the branch in which this file has this text; the branch stays where it is.

        With plumbing and an index of its own: no file of the work tree is touched.
        """
        index = {"GIT_INDEX_FILE": os.path.join(self.folder, ".git", "benchmark-index")}
        blob = self.git("hash-object", "-w", "--stdin", given=text.encode())
        self.git("read-tree", BRANCH, also=index)
        self.git("update-index", "--cacheinfo", f"100644,{blob},{path}", also=index)
        tree = self.git("write-tree", also=index)
        return self.git("commit-tree", tree, "-p", BRANCH, "-m", f"Change {path}")

    def move(self, commit: str) -> None:
        """Let the branch point to the commit."""
        self.git("update-ref", BRANCH, commit)


def make_place(folder: str, size: Size, variables: Mapping[str, str]) -> Place:
    """The compact fleet of this size, committed, 1 % of its pairs not ready."""
    place = Place(folder, variables)
    write_fleet(folder, size)
    fill_state(folder, size)
    _verify_now(place)
    begin(place)
    return place


def _verify_now(place: Place) -> None:
    """As if every site had just been looked at: no look is due while something else is measured."""
    with contextlib.closing(sqlite3.connect(place.state, isolation_level=None)) as connection:
        connection.execute("UPDATE pairs SET as_of = ? WHERE as_of IS NOT NULL", (int(time.time()),))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def begin(place: Place) -> None:
    """Make the folder a repository with all of its manifests and sources in one commit."""
    place.git("init", "--quiet", "--initial-branch=main")
    place.git("config", "gc.auto", "0")
    place.git("add", *(path for path in _TRACKED if os.path.exists(os.path.join(place.folder, path))))
    place.git("commit", "--quiet", "-m", "The fleet")
