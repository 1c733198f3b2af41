"""Which folders have to be watched for some paths to be watched."""

import os
import sys
from collections import Counter
from dataclasses import dataclass

from reconciler.sources.changes import Watched
from reconciler.sources.places import folders_above

TOGETHER = 16
"""So many folders side by side are watched as one, if they are at least half of what is there."""


@dataclass(frozen=True, slots=True)
class Target:
    """A folder to watch, and what it is now: another folder under the same path is another target."""

    path: str
    recursive: bool
    identity: tuple[int, int, bool]


def targets_of(watched: Watched) -> frozenset[Target]:
    """A folder is watched with all beneath it, and from above: it may be replaced, or come back."""
    trees: set[str] = set()
    folders: set[str] = set()
    for path in (*watched.manifests, *watched.sources, *watched.files):
        real = os.path.realpath(path)
        if os.path.isdir(real):
            trees.add(real)
        folders.add(_nearest(os.path.dirname(real)))
        folders.add(_nearest(os.path.dirname(os.path.abspath(path))))
    trees = _together(trees)
    covered = {path for path in trees | folders if any(above in trees for above in folders_above(path))}
    wanted = {path: path in trees for path in (trees | folders) - covered}
    return frozenset(
        target for path, recursive in wanted.items() if (target := _target(path, recursive=recursive)) is not None
    )


def _target(path: str, *, recursive: bool) -> Target | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return Target(path, recursive, (found.st_dev, found.st_ino, os.access(path, os.R_OK | os.X_OK)))


def _together(trees: set[str]) -> set[str]:
    """Sources commonly stand side by side: one watch for the folder they stand in, unless most of it is no source."""
    together = set(trees)
    for folder, count in Counter(map(os.path.dirname, trees)).items():
        if count >= TOGETHER and count * 2 >= _subfolders(folder):
            together = {path for path in together if os.path.dirname(path) != folder} | {folder}
    return together


def _subfolders(folder: str) -> int:
    try:
        with os.scandir(folder) as entries:
            return sum(entry.is_dir() for entry in entries)
    except OSError:
        return sys.maxsize


def _nearest(folder: str) -> str:
    """The nearest folder above that is there."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder
