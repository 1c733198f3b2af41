"""Objects of a repository, through one `git cat-file --batch` that stays."""

import hashlib
import os
import re
import subprocess
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import IO, NamedTuple, cast

from reconciler.git.command import NoGit, command, run, surroundings
from reconciler.model.commits import CommitId, ObjectId
from reconciler.model.faults import GitFault

_PIECE = 2**20
"""Bytes read at a time."""

_ASKED_AT_ONCE = 128
"""Names: what fits into a pipe that nobody reads yet, so that neither side waits for the other."""

_LARGEST = {b"commit": 2**24, b"tree": 2**28}
"""Bytes of what is held in memory as a whole: a million names are a quarter of such a tree."""

FOLDER, LINK, SUBMODULE = 0o040000, 0o120000, 0o160000
"""Modes of what is no file in a tree; files are 0o100644, executable ones 0o100755, old ones 0o100664 too."""


class MissingObject(GitFault):
    """The repository should have this object and does not: it is a partial clone, or damaged. `id` names it."""

    def __init__(self, id: ObjectId) -> None:
        super().__init__(f"the repository lacks object {id}")
        self.id = id


class TreeEntry(NamedTuple):
    """One name in a tree; `name` is bytes, as git does not ask for UTF-8."""

    name: bytes
    mode: int
    id: ObjectId


RawEntry = tuple[bytes, bytes, bytes]
"""Mode, name and id of an entry, as they stand in a tree."""

_ENTRIES = {digits: re.compile(rb"([0-7]+) ([^\0]*)\0(.{%d})" % (digits // 2), re.DOTALL) for digits in (40, 64)}


def entry_of(raw: RawEntry) -> TreeEntry:
    """The entry, as everybody else wants it."""
    mode, name, id = raw
    return TreeEntry(name, int(mode, 8), ObjectId(id.hex()))


class Objects:
    """One reader of one repository, for one thread. What is packed or fetched meanwhile is found.

    It is closed at the latest when nobody holds it any more. Methods raise MissingObject for what is not there,
    GitFault for anything else.
    """

    def __init__(self, git_dir: str) -> None:
        self.git_dir = git_dir
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[..., Objects] | None = None

    def __enter__(self) -> "Objects":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the reader; used again, it starts anew."""
        self._process = None
        if self._end is not None:
            self._end()

    def head(self) -> CommitId:
        """The commit that HEAD is at; raises MissingObject before the first one."""
        self._ask(ObjectId("HEAD"), flush=True)
        head = self._head(ObjectId("HEAD"))
        for _ in self._pieces(ObjectId("HEAD"), head, "commit"):
            pass
        return CommitId(head[0].decode("ascii"))

    def commit_tree(self, commit: CommitId) -> ObjectId:
        """The tree of a commit."""
        return ObjectId(self.read(ObjectId(commit), "commit")[len("tree ") :].split(b"\n", 1)[0].decode("ascii"))

    def tree(self, id: ObjectId) -> Iterator[TreeEntry]:
        """The entries of one tree in git's order: bytes, a folder as if a slash ended its name."""
        for raw in self.raw_tree(id):
            yield entry_of(raw)

    def raw_tree(self, id: ObjectId) -> list[RawEntry]:
        """The same as git has it; many entries are compared faster so."""
        data = self.read(id, "tree")
        entries = cast(list[RawEntry], _ENTRIES[len(id)].findall(data))
        if sum(len(mode) + len(name) + len(raw) + 2 for mode, name, raw in entries) != len(data):
            raise GitFault(f"tree {id} is damaged")
        return entries

    def entry(self, tree: ObjectId, path: str) -> TreeEntry | None:
        """What lies at a path beneath a tree, "" for the tree itself; None if nothing does."""
        found = TreeEntry(b"", FOLDER, tree)
        for part in filter(None, os.fsencode(path).split(b"/")):
            if found.mode != FOLDER:
                return None
            below = next((entry for entry in self.tree(found.id) if entry.name == part), None)
            if below is None:
                return None
            found = below
        return found

    def read(self, id: ObjectId, kind: str = "blob") -> bytes:
        """All of one object."""
        return b"".join(self.stream(id, kind))

    def read_many(self, ids: Iterable[ObjectId], *, most: int | None = None) -> Iterator[tuple[ObjectId, bytes]]:
        """All of many blobs, or their first `most` bytes, in their order; the fastest way to small ones."""
        asked: deque[ObjectId] = deque()
        done = False
        try:
            for id in ids:
                self._ask(id, flush=False)
                asked.append(id)
                if len(asked) == _ASKED_AT_ONCE:
                    self._flush()
                    while asked:
                        yield asked[0], _joined(self._answer(asked.popleft(), "blob"), most)
            self._flush()
            while asked:
                yield asked[0], _joined(self._answer(asked.popleft(), "blob"), most)
            done = True
        finally:
            if not done:
                self.close()

    def stream(self, id: ObjectId, kind: str = "blob") -> Iterator[bytes]:
        """One object in pieces."""
        done = False
        try:
            self._ask(id, flush=True)
            yield from self._answer(id, kind)
            done = True
        except MissingObject:
            done = True
            raise
        finally:
            if not done:
                self.close()

    def sizes(self, ids: Iterable[ObjectId]) -> dict[ObjectId, int]:
        """The bytes of each object; those that are not there are left out. Raises GitFault.

        In a partial clone git ends at the first one that is not there: then those after it are left out, too.
        """
        asked = "".join(f"{id}\n" for id in ids).encode("ascii")
        check = "--batch-check=%(objectname) %(objectsize)"
        told = run(self.git_dir, "cat-file", check, "--buffer", also=(128,), given=asked)
        answers = (line.split(" ") for line in told.splitlines())
        return {ObjectId(id): int(size) for id, size in answers if size.isdigit()}

    def _ask(self, id: ObjectId, *, flush: bool) -> None:
        pipe = self._running().stdin
        if pipe is None:
            raise GitFault("git cannot be asked")
        try:
            pipe.write(f"{id}\n".encode("ascii"))
            if flush:
                pipe.flush()
        except OSError as fault:
            raise GitFault("git ended while it was asked for objects") from fault

    def _flush(self) -> None:
        pipe = self._running().stdin
        if pipe is not None:
            pipe.flush()

    def _answer(self, id: ObjectId, kind: str) -> Iterator[bytes]:
        yield from self._pieces(id, self._head(id), kind)

    def _head(self, id: ObjectId) -> list[bytes]:
        """Name, kind and size of what was asked for."""
        head = self._pipe().readline().split()
        if len(head) == 2 and head[1] == b"missing":
            raise MissingObject(id)
        if len(head) != 3:
            raise GitFault(f"git ended while it was asked for object {id}")
        return head

    def _pieces(self, id: ObjectId, head: list[bytes], kind: str) -> Iterator[bytes]:
        """Git believes the place where an object lies: at its end it is held to its name."""
        pipe, left = self._pipe(), int(head[2])
        hashed = (hashlib.sha1 if len(head[0]) == 40 else hashlib.sha256)(usedforsecurity=False)
        hashed.update(b"%b %b\0" % (head[1], head[2]))
        if head[1] != kind.encode():
            raise GitFault(f"object {id} is a {head[1].decode()}, not a {kind}")
        if left > _LARGEST.get(head[1], left):
            raise GitFault(f"object {id} is a {kind} of {left} bytes: too large to be read")
        while left:
            piece = _some(pipe, left, id)
            left -= len(piece)
            hashed.update(piece)
            yield piece
        _some(pipe, 1, id)
        if hashed.hexdigest().encode("ascii") != head[0]:
            raise GitFault(f"the repository holds something else under the name of object {id}")

    def _pipe(self) -> IO[bytes]:
        pipe = self._running().stdout
        if pipe is None:
            raise GitFault("git cannot answer")
        return pipe

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            try:
                self._process = subprocess.Popen(
                    command(self.git_dir, "cat-file", "--batch"),
                    env=surroundings(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            except FileNotFoundError:
                raise NoGit from None
            self._end = weakref.finalize(self, _end, self._process)
        return self._process


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()


def _joined(pieces: Iterator[bytes], most: int | None) -> bytes:
    """The pieces, all of them taken, joined as far as they are wanted."""
    if most is None:
        return b"".join(pieces)
    kept = bytearray()
    for piece in pieces:
        kept += piece[: most - len(kept)]
    return bytes(kept)


def _some(pipe: IO[bytes], most: int, id: ObjectId) -> bytes:
    piece = pipe.read(min(most, _PIECE))
    if not piece:
        raise GitFault(f"git ended in the middle of object {id}")
    return piece
