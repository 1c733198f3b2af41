"""Which watched path an event concerns."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.sources.changes import Watched
from reconciler.sources.tree import IGNORE_FILE


@dataclass(frozen=True, slots=True)
class Places:
    """Where the watched paths really lie; real path → the paths as they were given."""

    roots: Mapping[str, frozenset[str]]
    above: Mapping[str, frozenset[str]]
    """Folders above a root: what happens to one of them happens to the root."""
    manifests: frozenset[str]
    all: frozenset[str]

    @classmethod
    def of(cls, watched: Watched) -> "Places":
        roots: dict[str, set[str]] = {}
        above: dict[str, set[str]] = {}
        for path in (*watched.manifests, *watched.sources, *watched.files):
            for real in {os.path.realpath(path), os.path.abspath(path)}:
                roots.setdefault(real, set()).add(path)
                for folder in folders_above(real):
                    above.setdefault(folder, set()).add(path)
        return cls(
            {real: frozenset(paths) for real, paths in roots.items()},
            {folder: frozenset(paths) for folder, paths in above.items()},
            frozenset(os.path.realpath(path) for path in watched.manifests),
            frozenset((*watched.manifests, *watched.sources, *watched.files)),
        )

    def touched(self, path: str) -> frozenset[str]:
        """The watched paths that an event at `path` concerns."""
        touched = self.above.get(path, frozenset()) | self.roots.get(path, frozenset())
        for folder in folders_above(path):
            if folder in self.roots and not (folder in self.manifests and _is_hidden(path, folder)):
                touched |= self.roots[folder]
        return touched


def folders_above(path: str) -> Iterator[str]:
    """The nearest first, the root of all last."""
    while (folder := os.path.dirname(path)) != path:
        yield folder
        path = folder


def _is_hidden(path: str, root: str) -> bool:
    *folders, name = path[len(root.rstrip("/")) + 1 :].split("/")
    return any(folder.startswith(".") for folder in folders) or (name.startswith(".") and name != IGNORE_FILE)
