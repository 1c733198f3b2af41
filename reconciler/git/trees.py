"""What lies at a path within a commit."""

from collections import deque
from collections.abc import Iterator, Mapping

from reconciler.git.objects import FOLDER, LINK, SUBMODULE, Objects, TreeEntry
from reconciler.model.commits import ObjectId

_MOST_LINKS = 40

_LONGEST_LINK = 4095
"""Bytes; no file system holds a longer one."""


class LeadsOut(Exception):
    """A link leads out of the repository: what is there no commit knows."""


class Trees:
    """The trees of commits, those of the last two kept: most of a commit is as it was in the one before."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._now: dict[ObjectId, Mapping[bytes, TreeEntry]] = {}
        self._before: dict[ObjectId, Mapping[bytes, TreeEntry]] = {}
        self._walked: tuple[ObjectId, dict[bytes, Mapping[bytes, TreeEntry]]] = ObjectId(""), {}

    def turn(self) -> None:
        """Another commit is read: what nothing asked for since the last turn is forgotten."""
        self._now, self._before = {}, self._now

    def entries(self, tree: ObjectId) -> Mapping[bytes, TreeEntry]:
        """Name → entry, in git's order."""
        found = self._now.get(tree) or self._before.get(tree)
        if found is None:
            found = {entry.name: entry for entry in self.objects.tree(tree)}
        self._now[tree] = found
        return found

    def at(self, root: ObjectId, path: bytes) -> tuple[bytes, TreeEntry | None]:
        """What lies at a path, or the first thing on the way that is no folder, and its path; no link is followed."""
        if self._walked[0] != root:
            self._walked = root, {}
        above, slash, name = path.rpartition(b"/")
        beside = self._walked[1].get(above) if slash and name else None
        if beside is not None:
            return path, beside.get(name)
        found, walked, beside = TreeEntry(b"", FOLDER, root), b"", {}
        for part in filter(None, path.split(b"/")):
            if found.mode != FOLDER:
                break
            beside = self.entries(found.id)
            below = beside.get(part)
            if below is None:
                return path, None
            found, walked = below, walked + b"/" + part
        if slash and walked == b"/" + path:
            self._walked[1][above] = beside
        return walked.removeprefix(b"/"), found

    def files(self, tree: ObjectId, *, hidden: bool = True) -> Iterator[TreeEntry]:
        """The files and links beneath a tree, in no order; those in hidden folders too unless they do not count."""
        waiting = [tree]
        while waiting:
            for entry in self.entries(waiting.pop()).values():
                if entry.mode not in (FOLDER, SUBMODULE):
                    yield entry
                elif entry.mode == FOLDER and (hidden or not entry.name.startswith(b".")):
                    waiting.append(entry.id)

    def follow(self, root: ObjectId, path: bytes) -> TreeEntry | None:
        """What lies at a path once links are followed, None for nothing; raises LeadsOut."""
        parts, way = deque(path.split(b"/")), [TreeEntry(b"", FOLDER, root)]
        links = 0
        while parts:
            part = parts.popleft()
            if part in (b"", b"."):
                continue
            if part == b"..":
                if len(way) == 1:
                    raise LeadsOut
                way.pop()
                continue
            found = self.entries(way[-1].id).get(part) if way[-1].mode == FOLDER else None
            if found is None:
                return None
            if found.mode != LINK:
                way.append(found)
                continue
            links += 1
            [(_, target)] = self.objects.read_many((found.id,), most=_LONGEST_LINK + 1)
            if len(target) > _LONGEST_LINK:
                return None
            if target.startswith(b"/"):
                raise LeadsOut
            if links > _MOST_LINKS:
                return None
            parts.extendleft(reversed(target.split(b"/")))
        return way[-1]
