"""Manifests from a directory tree, read once and looked at twice (L39)."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reconciler.model.diagnostics import Diagnostic
from reconciler.model.ignoring import Patterns
from reconciler.model.looks import Look, Mark, Moved
from reconciler.model.source_text import SourceText
from reconciler.sources.manifest_read import LARGEST, ManifestRead, refusal, shown
from reconciler.sources.tree import GONE, Walk, cannot_be_read, kind_of, stat_mark

_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
"""A FIFO that took a file's place does not block."""


def read_manifests(
    paths: Sequence[str], *, ignore: Sequence[str], skip_files: Sequence[str], relative_to: str
) -> ManifestRead:
    """Read every `*.yaml` and `*.yml` at or beneath `paths`; raises `Moved` if any of it changed meanwhile (L39).

    Hidden files and folders are passed over, so is what `.reconcileignore` names, and what `ignore` does: rules as if
    they stood in a `.reconcileignore` at each root. A root that is one file is read whatever its name. `skip_files`
    are the settings. Files are named relative to the folder `relative_to` where they lie beneath it.
    """
    reader = _Reader(relative_to=os.path.abspath(relative_to), skip=_identities(skip_files))
    roots = tuple(dict.fromkeys(os.path.abspath(path) for path in paths))
    rules = Patterns.of(ignore)
    first = Walk(reader)
    missing = tuple(root for root in roots if not _visit(first, root, rules))
    again = Walk(_Looker(reader))
    for root in roots:
        _visit(again, root, rules)
    if first.marks != again.marks:
        raise Moved(Look(manifests=first.marks).moved(Look(manifests=again.marks)))
    return ManifestRead(
        texts=tuple(sorted(reader.texts, key=lambda text: text.file)),
        diagnostics=tuple(sorted(reader.diagnostics, key=lambda diagnostic: diagnostic.order)),
        look=Look(manifests={path: (*mark, reader.digests.get(path)) for path, mark in first.marks.items()}),
        relative_to=reader.relative_to,
        missing=missing,
    )


def look_at_file(path: str) -> Mark:
    """The mark of one file, its bytes included: the settings are part of what a pass depends on."""
    try:
        descriptor = os.open(path, _FILE)
    except OSError as fault:
        return ("unreadable", fault.errno)
    try:
        found = os.fstat(descriptor)
        data = os.read(descriptor, LARGEST) if stat.S_ISREG(found.st_mode) else b""
    except OSError as fault:
        return ("unreadable", fault.errno)
    finally:
        os.close(descriptor)
    return (*stat_mark(found), hashlib.sha256(data).digest())


def _identities(paths: Iterable[str]) -> frozenset[tuple[int, int] | str]:
    """Device and inode of each path, and the path: a file is recognised however the way to it is spelled."""
    known: set[tuple[int, int] | str] = set()
    for path in paths:
        known.add(os.path.abspath(path))
        try:
            found = os.stat(path)
        except OSError:
            continue
        known.add((found.st_dev, found.st_ino))
    return frozenset(known)


def _visit(walk: Walk, root: str, rules: Patterns) -> bool:
    """Walk through one root; False if it is not there."""
    if root in walk.marks:
        return True
    try:
        found = os.stat(root)
        if stat.S_ISDIR(found.st_mode):
            walk.root(root, rules)
        elif stat.S_ISREG(found.st_mode):
            walk.file(root)
        else:
            walk.refuse(root, code="not-a-file", reason=f"{kind_of(found.st_mode)} is not read")
    except (FileNotFoundError, NotADirectoryError):
        walk.marks[root] = ("missing",)
        return False
    except OSError as fault:
        walk.refuse(root, code="unreadable", reason=cannot_be_read(fault))
    return True


@dataclass(slots=True, kw_only=True)
class _Reader:
    """The first walk: reads what it finds."""

    relative_to: str
    skip: frozenset[tuple[int, int] | str]
    texts: list[SourceText] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    digests: dict[str, bytes] = field(default_factory=dict)
    ignored: dict[str, Patterns] = field(default_factory=dict)

    def manifest(self, path: str, name: str, within: int | None) -> Mark:
        try:
            found, data = _read(name, within)
        except OSError as fault:
            if fault.errno in GONE:
                raise
            self.refuse(path, code="unreadable", reason=cannot_be_read(fault))
            return _look(name, within)
        if path not in self.skip and (found.st_dev, found.st_ino) not in self.skip:
            folder = path.rpartition("/")[0]
            self.texts.append(SourceText(file=shown(path, self.relative_to), directory=folder or "/", data=data))
            self.digests[path] = hashlib.sha256(data).digest()
        return stat_mark(found)

    def rules(self, path: str, name: str, within: int) -> tuple[Mark, Patterns]:
        """A `.reconcileignore` that cannot be read is named: what it hides would be read as manifests."""
        try:
            found, data = _read(name, within)
            self.digests[path] = hashlib.sha256(data).digest()
            self.ignored[path] = Patterns.of(
                data.removeprefix(b"\xef\xbb\xbf").decode(errors="surrogateescape").split("\n")
            )
            return stat_mark(found), self.ignored[path]
        except OSError as fault:
            if fault.errno == errno.ELOOP:
                self.refuse(path, code="manifest-link", reason="a link is not followed")
            else:
                self.refuse(path, code="unreadable", reason=cannot_be_read(fault))
            return _look(name, within), Patterns()

    def refuse(self, path: str, *, code: str, reason: str) -> None:
        self.diagnostics.append(refusal(path, self.relative_to, code=code, reason=reason))


@dataclass(frozen=True, slots=True)
class _Looker:
    """The second walk: only looks, by the rules of the first."""

    reader: _Reader

    def manifest(self, path: str, name: str, within: int | None) -> Mark:  # noqa: ARG002 (the visitor's signature)
        return _look(name, within)

    def rules(self, path: str, name: str, within: int) -> tuple[Mark, Patterns]:
        return _look(name, within), self.reader.ignored.get(path, Patterns())

    def refuse(self, path: str, *, code: str, reason: str) -> None:
        """The first walk has said it."""


def _look(name: str, within: int | None) -> Mark:
    return stat_mark(os.stat(name, dir_fd=within, follow_symlinks=within is None))


def _read(name: str, within: int | None) -> tuple[os.stat_result, bytes]:
    """What the file was when it was opened, and its bytes; raises OSError."""
    descriptor = os.open(name, _FILE | (0 if within is None else os.O_NOFOLLOW), dir_fd=within)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.ENOENT, "no regular file")
        return found, os.read(descriptor, min(found.st_size, LARGEST) + 1)
    finally:
        os.close(descriptor)
