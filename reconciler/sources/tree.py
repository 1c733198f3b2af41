"""What stands beneath a manifest root: folders and files that count, found through directory descriptors.

Nothing is followed and nothing but regular files is opened: a link or a FIFO among the manifests is named, not read.
"""

import errno
import os
import stat
from dataclasses import dataclass, field
from typing import Protocol

from reconciler.model.ignoring import Patterns
from reconciler.model.looks import Mark, Moved

IGNORE_FILE = ".reconcileignore"
DEEPEST = 100
"""Folders within folders; each level holds a descriptor."""

GONE = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP))
"""The entry is no longer what the folder listed."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder: its absolute path, its descriptor, and the ignore rules of the folders above and of itself."""

    path: str
    descriptor: int
    rules: tuple[tuple[int, Patterns], ...]
    """(length of the path of the folder they stand in, rules), the deepest last."""

    def ignores(self, path: str, *, folder: bool) -> bool:
        """As git decides: the deepest folder that speaks of the entry, there the last rule."""
        for length, patterns in reversed(self.rules):
            verdict = patterns.verdict(path[length + 1 :], folder=folder)
            if verdict is not None:
                return verdict
        return False


class Visitor(Protocol):
    """What is done with the files found.

    `name` is relative to the folder whose descriptor is `within`, or absolute without one: a root that is a file.
    Marks are those of `stat_mark`, so that two walks can be compared.
    """

    def manifest(self, path: str, name: str, within: int | None) -> Mark: ...

    def rules(self, path: str, name: str, within: int) -> tuple[Mark, Patterns]: ...

    def refuse(self, path: str, *, code: str, reason: str) -> None:
        """Told of what is not read, and why."""
        ...


@dataclass(slots=True)
class Walk:
    """One walk through the roots; `marks` gathers absolute path → mark of all that counts."""

    visitor: Visitor
    marks: dict[str, Mark] = field(default_factory=dict)

    def root(self, path: str, rules: Patterns) -> None:
        """A root that is a link is followed, as it was named on purpose; raises OSError if it cannot be opened."""
        descriptor = os.open(path, _FOLDER & ~os.O_NOFOLLOW)
        try:
            self._folder(Folder(path, descriptor, ((_length(path), rules),) if rules else ()), depth=0)
        except OSError as fault:
            raise (Moved((path,)) if fault.errno in GONE else fault) from fault
        finally:
            os.close(descriptor)

    def file(self, path: str) -> None:
        """A root that is a file; raises OSError."""
        self.marks[path] = self.visitor.manifest(path, path, None)

    def refuse(self, path: str, *, code: str, reason: str) -> None:
        self.marks[path] = ("refused", code, reason)
        self.visitor.refuse(path, code=code, reason=reason)

    def _folder(self, folder: Folder, *, depth: int) -> None:
        found = os.fstat(folder.descriptor)
        self.marks[folder.path] = ("folder", found.st_dev, found.st_ino)
        with os.scandir(folder.descriptor) as listed:
            entries = {entry.name: entry for entry in listed}
        if IGNORE_FILE in entries:
            path = beneath(folder.path, IGNORE_FILE)
            self.marks[path], rules = self.visitor.rules(path, IGNORE_FILE, folder.descriptor)
            folder = Folder(folder.path, folder.descriptor, (*folder.rules, (_length(folder.path), rules)))
        for name, entry in entries.items():
            path = beneath(folder.path, name)
            if name.startswith(".") or path in self.marks:
                continue
            try:
                self._entry(folder, entry, path, depth=depth + 1)
            except OSError as fault:
                if fault.errno in GONE:
                    raise Moved((path,)) from fault
                self.refuse(path, code="unreadable", reason=cannot_be_read(fault))

    def _entry(self, folder: Folder, entry: "os.DirEntry[str]", path: str, *, depth: int) -> None:
        name = entry.name
        if entry.is_dir(follow_symlinks=False):
            if folder.ignores(path, folder=True):
                return
            if not is_utf8(name):
                self.refuse(path, code="name-not-utf8", reason="the name is not UTF-8")
            elif depth > DEEPEST:
                self.refuse(path, code="unreadable", reason=f"cannot be read: folders nest deeper than {DEEPEST}")
            else:
                self._subfolder(folder, name, path, depth=depth)
        elif (is_manifest(name) or _is_link_to_folder(entry)) and not folder.ignores(path, folder=False):
            if not is_utf8(name):
                self.refuse(path, code="name-not-utf8", reason="the name is not UTF-8")
            elif entry.is_symlink():
                self.refuse(path, code="manifest-link", reason="a link is not followed")
            elif not entry.is_file(follow_symlinks=False):
                self.refuse(
                    path, code="not-a-file", reason=f"{kind_of(entry.stat(follow_symlinks=False).st_mode)} is not read"
                )
            else:
                self.marks[path] = self.visitor.manifest(path, name, folder.descriptor)

    def _subfolder(self, above: Folder, name: str, path: str, *, depth: int) -> None:
        descriptor = os.open(name, _FOLDER, dir_fd=above.descriptor)
        try:
            self._folder(Folder(path, descriptor, above.rules), depth=depth)
        finally:
            os.close(descriptor)


def is_manifest(name: str) -> bool:
    """Whether a file of this name is read."""
    return name.endswith((".yaml", ".yml"))


def _is_link_to_folder(entry: "os.DirEntry[str]") -> bool:
    """Manifests may be expected beneath it: it is named, not silently passed over."""
    try:
        return entry.is_symlink() and entry.is_dir()
    except OSError as fault:
        if fault.errno in (errno.ELOOP, errno.ENOTDIR):  # to itself, or to what would lie beneath a file
            return False
        raise


def _length(path: str) -> int:
    return len(path.rstrip("/"))


def is_utf8(name: str) -> bool:
    """Names that are not come from the system with lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def beneath(folder: str, name: str) -> str:
    """The path of an entry; the folder may be the root of all."""
    return f"{folder}{name}" if folder.endswith("/") else f"{folder}/{name}"


def stat_mark(found: os.stat_result) -> Mark:
    """What changes when a file is written, replaced, or given another kind."""
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, stat.S_IFMT(found.st_mode)


def cannot_be_read(fault: OSError) -> str:
    """The message of `unreadable`: the system's words without the path, which stands beside it."""
    return f"cannot be read: {fault.strerror or fault}"


def kind_of(mode: int) -> str:
    """What is in the place of a regular file, in words."""
    kinds = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    return kinds.get(stat.S_IFMT(mode), "what is no regular file")
