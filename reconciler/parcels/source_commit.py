"""A source as a commit has it: what its git tree holds, read from the repository's objects, never from a folder.

Its listing is that of a fresh checkout (docs/reference/listing.md): git has no empty folders, but one that `exclude`
empties is one. Bytes are as git holds them, whatever `.gitattributes` says of line ends or filters, but for Git LFS.
Memory follows the widest folder and `_AT_ONCE`, not the number of files; no blob is in memory as a whole.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from reconciler.git.lfs import LONGEST, MissingLfs, common_dir_of, is_kept, pieces, pointer_of
from reconciler.git.objects import FOLDER, LINK, SUBMODULE, MissingObject, Objects, TreeEntry
from reconciler.model.commits import CommittedTree, ObjectId
from reconciler.model.faults import GitFault
from reconciler.model.ignoring import Patterns
from reconciler.model.looks import Mark
from reconciler.parcels.source_tree import DEEPEST, FolderNames, Kind, Problems, Unusable

MOST = 5_000_000
"""Files of one source: subtrees that share one another could make billions of paths of a few trees."""

_AT_ONCE = 2048
"""Files whose sizes are asked for together: git is started for it."""


class CommittedEntry(NamedTuple):
    """An Entry of a tree; `id` is that of its blob, be it what stands for a large file."""

    kind: Kind
    path: str
    raw: bytes
    name: str
    id: ObjectId
    size: int = 0
    content: Callable[[], Iterable[bytes]] = tuple

    @property
    def stamp(self) -> bytes:
        return bytes.fromhex(self.id).ljust(40, b"\0")

    def is_settled(self, at: int) -> bool:  # noqa: ARG002 - a blob is what its id says at any time
        return True

    def pieces(self) -> Iterator[bytes]:
        try:
            yield from self.content()
        except MissingLfs as missing:
            raise Unusable("source-lfs-missing", str(missing)) from missing
        except GitFault as fault:
            raise Unusable("source-objects-missing", str(fault)) from fault


@dataclass(slots=True, kw_only=True)
class CommittedSource:
    """A Source: `tree`, a checkout of which would lie at `path`. A tree never changes, so nothing of it moves."""

    path: str
    tree: CommittedTree
    exclude: Patterns
    objects: Objects
    problems: Problems = field(default_factory=Problems)

    @property
    def real_path(self) -> str:
        return ""

    @property
    def known_as(self) -> str:
        """Its files are remembered for the next tree at the same place, as most of them will be in it."""
        return f"git\0{self.tree.git_dir}\0{self.path}"

    @property
    def mark(self) -> Mark:
        return "tree", self.tree.git_dir, self.tree.tree

    def look(self) -> Mark:
        return self.mark

    def walk(self) -> Iterator[CommittedEntry]:
        common_dir = common_dir_of(self.tree.git_dir)
        found = self._walk(self.tree.tree, "", depth=0)
        walked = 0
        while some := list(islice(found, _AT_ONCE)):
            walked += len(some)
            if walked > MOST:
                self.problems.add(f"{self.path} (it has more than {MOST:,} files)", code="source-unreadable")
                return
            yield from self._sized(some, common_dir)

    def _sized(self, found: list[CommittedEntry], common_dir: str) -> Iterator[CommittedEntry]:
        """The same with their sizes, in the place of what stands for a large file that file; less what is missing."""
        sizes = self.objects.sizes(entry.id for entry in found if entry.kind is not Kind.FOLDER)
        try:
            small = dict(self.objects.read_many(blob for blob, size in sizes.items() if size <= LONGEST))
        except GitFault as fault:
            self.problems.add(str(fault), code="source-objects-missing")
            return
        for entry in found:
            if entry.kind is Kind.FOLDER:
                yield entry
                continue
            if entry.id not in sizes:
                self.problems.add(f"{entry.path} ({MissingObject(entry.id)})", code="source-objects-missing")
                continue
            data = small.get(entry.id)
            pointer = None if data is None else pointer_of(data)
            if pointer is not None and not is_kept(common_dir, pointer):
                self.problems.add(f"{entry.path} ({MissingLfs(pointer)})", code="source-lfs-missing")
            elif pointer is not None:
                yield entry._replace(size=pointer.size, content=partial(pieces, common_dir, pointer))
            elif data is not None:
                yield entry._replace(size=len(data), content=partial(tuple, (data,)))
            else:
                yield entry._replace(size=sizes[entry.id], content=partial(self.objects.stream, entry.id))

    def _walk(self, tree: ObjectId, prefix: str, *, depth: int) -> Iterator[CommittedEntry]:
        """Files and emptied folders in the order of the listing."""
        above = os.fsencode(prefix)
        for raw, entry in self._sorted(tree, prefix):
            name = os.fsdecode(entry.name)
            path = prefix + name
            if stat.S_ISREG(entry.mode):
                kind = Kind.EXECUTABLE if entry.mode & stat.S_IXUSR else Kind.FILE
                yield CommittedEntry(kind, path, above + raw, name, entry.id)
            elif raw == entry.name:
                yield CommittedEntry(Kind.FOLDER, path, above + raw, name, entry.id)
            elif depth == DEEPEST:
                self.problems.add(path, code="source-unreadable")
            else:
                yield from self._walk(entry.id, f"{path}/", depth=depth + 1)

    def _sorted(self, tree: ObjectId, prefix: str) -> list[tuple[bytes, TreeEntry]]:
        """What travels, by its key: git's own but for a folder that `exclude` emptied, which sorts as a file does."""
        keyed: list[tuple[bytes, TreeEntry]] = []
        names = FolderNames(prefix, self.problems)
        for entry in self._left(self._listed(tree, prefix), prefix):
            name = os.fsdecode(entry.name)
            names.add(name)
            if self._is_refused(entry, prefix + name):
                continue
            if entry.mode == FOLDER and not self._is_emptied(entry.id, f"{prefix}{name}/"):
                keyed.append((entry.name + b"/", entry))
            else:
                keyed.append((entry.name, entry))
        keyed.sort(key=itemgetter(0))
        return keyed

    def _is_emptied(self, tree: ObjectId, prefix: str) -> bool:
        """Of a folder that holds nothing by itself a checkout has nothing: it is walked, and gives nothing."""
        if not self.exclude:
            return False
        listed = self._listed(tree, prefix)
        return bool(listed) and next(self._left(listed, prefix), None) is None

    def _left(self, entries: Iterable[TreeEntry], prefix: str) -> Iterator[TreeEntry]:
        """What `exclude` leaves."""
        for entry in entries:
            path = prefix + os.fsdecode(entry.name)
            if not self.exclude or not self.exclude.verdict(path, folder=entry.mode in (FOLDER, SUBMODULE)):
                yield entry

    def _listed(self, tree: ObjectId, prefix: str) -> list[TreeEntry]:
        """What a tree of the repository holds; nothing if it cannot be read."""
        try:
            return list(self.objects.tree(tree))
        except GitFault as fault:
            self.problems.add(f"{prefix or self.path} ({fault})", code="source-objects-missing")
            return []

    def _is_refused(self, entry: TreeEntry, path: str) -> bool:
        """Whether this cannot travel; a tree that was not made by git may have names that lead out of it."""
        if entry.name in (b"", b".", b"..") or b"/" in entry.name:
            self.problems.add(path, code="source-unreadable")
        elif entry.mode == LINK:
            self.problems.add(path, code="source-link")
        elif entry.mode == SUBMODULE:
            self.problems.add(path, code="source-submodule")
        elif entry.mode != FOLDER and not stat.S_ISREG(entry.mode):
            self.problems.add(path, code="source-unreadable")
        else:
            return False
        return True
