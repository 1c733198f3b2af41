"""The folder that `unpack` fills: what stands there now, a private place beside it, and the switch (L18).

A tree is written into `.NAME.reconciler-<16 digits>/tree`, a folder beside DIR that nobody else can enter, and switched
in one step when it is complete: a folder by swapping the two names, a link by renaming a new one over it. So DIR is
the old tree or the new one at every instant, whatever is killed. The private folder is locked while its process lives;
one that is not was left behind, and is removed by whoever comes next.
"""

import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from reconciler.parcels.kernel import exchange
from reconciler.parcels.mounted import mounted_within
from reconciler.parcels.source_folder import FOLDER
from reconciler.parcels.tree_mark import Identity, Unpacked, read_mark, read_mark_beside, write_mark

_CANNOT_SWAP = frozenset((errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP))


class Refused(Exception):
    """DIR holds what `unpack` did not make, or cannot be switched; nothing was changed."""


class Busy(Exception):
    """Another `unpack` is at work on the same DIR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """A folder beside DIR, open and locked, and within it the folder that is filled."""

    name: str
    folder: int
    tree: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """DIR, as `name` within the open folder `parent`."""

    path: str
    parent: int
    name: str

    @classmethod
    @contextmanager
    def at(cls, path: str) -> "Iterator[Destination]":
        """Raises OSError if the folder that DIR lies in cannot be opened, ValueError if DIR has no name in it."""
        above, name = os.path.split(path.rstrip("/"))
        if name in ("", ".", ".."):
            raise ValueError(f"{path!r} has no name of its own")
        parent = os.open(above or ("/" if path.startswith("/") else "."), FOLDER & ~os.O_NOFOLLOW)
        try:
            yield cls(path=path, parent=parent, name=name)
        finally:
            os.close(parent)

    def held(self) -> Unpacked | None:
        """The tree that is here; None if nothing is, or an empty folder. Raises Refused for anything else."""
        try:
            folder = os.open(self.name, FOLDER & ~os.O_NOFOLLOW, dir_fd=self.parent)
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise Refused(f"{self.path} is no folder") from None
        try:
            if mounted_within(os.path.realpath(self.path)):
                raise Refused(f"a file system is mounted at {self.path}, or within it")
            identity = Identity.of(folder)
            found = next((tree for tree in self._marked() if tree.identity == identity), None)
            if found is None and os.listdir(folder):
                raise Refused(f"{self.path} is a folder that unpack did not make, and not empty")
            return found
        finally:
            os.close(folder)

    @contextmanager
    def private(self) -> Iterator[Private]:
        """A place to write to, gone afterwards unless DIR leads there. Raises Busy; what was left is cleared away."""
        name = f".{self.name}.reconciler-{secrets.token_hex(8)}"
        os.mkdir(name, 0o700, dir_fd=self.parent)
        folder = tree = -1
        try:
            folder = os.open(name, FOLDER, dir_fd=self.parent)
            if not _lock(folder):
                raise Busy(f"another unpack is at work on {self.path}")
            self._clear(but=name)
            try:
                os.mkdir("tree", 0o755, dir_fd=folder)
            except FileNotFoundError:
                raise Busy(f"another unpack is at work on {self.path}") from None
            tree = os.open("tree", FOLDER, dir_fd=folder)
            yield Private(name=name, folder=folder, tree=tree)
        finally:
            self._end(name, folder)
            for descriptor in (tree, folder):
                if descriptor >= 0:
                    os.close(descriptor)

    def switch(self, private: Private, made: Unpacked) -> None:
        """Put the finished tree in the place of what is here; raises Refused if that changed meanwhile.

        The mark comes first and names both: whichever tree is here when this is killed is known as ours.
        """
        held = self.held()
        trees = (made,) if held is None else (held, made)
        write_mark(self.name, trees, within=self.parent, by_way_of=private.folder)
        os.fsync(private.folder)
        if self._leads_to() is not None:
            os.chmod(private.folder, 0o755)  # noqa: S103 - others go through it to the tree
            os.symlink(f"{private.name}/tree", "link", dir_fd=private.folder)
            os.fsync(private.folder)
            os.rename("link", self.name, src_dir_fd=private.folder, dst_dir_fd=self.parent)
        elif self._is_there():
            self._swap(private)
        else:
            os.rename("tree", self.name, src_dir_fd=private.folder, dst_dir_fd=self.parent)
        os.fsync(private.folder)
        os.fsync(self.parent)

    def left(self) -> tuple[str, ...]:
        """Private folders that could not be removed, or that somebody works in."""
        kept = (self._leads_to() or "").partition("/")[0]
        pattern = re.compile(rf"\.{re.escape(self.name)}\.reconciler-[0-9a-f]{{16}}")
        return tuple(name for name in sorted(os.listdir(self.parent)) if pattern.fullmatch(name) and name != kept)

    def _swap(self, private: Private) -> None:
        """In one step; where the system cannot do that, in two, between which DIR is not there (`_put_back`)."""
        try:
            exchange("tree", within=private.folder, other=self.name, other_within=self.parent)
        except OSError as fault:
            if fault.errno not in _CANNOT_SWAP:
                raise
            os.rename(self.name, "old", src_dir_fd=self.parent, dst_dir_fd=private.folder)
            try:
                os.rename("tree", self.name, src_dir_fd=private.folder, dst_dir_fd=self.parent)
            except OSError:
                self._put_back(private.folder)
                raise

    def tidy(self, *, but: str = "") -> None:
        """Remove what killed ones left; a fault here is no failure, `left` tells of it."""
        with suppress(Busy, OSError):
            self._clear(but=but)

    def _end(self, name: str, folder: int) -> None:
        """Remove what is not needed any more."""
        self.tidy(but=name)
        with suppress(OSError):
            self._put_back(folder)
            if name in self.left():
                shutil.rmtree(name, ignore_errors=True, dir_fd=self.parent)

    def _put_back(self, folder: int) -> None:
        """The tree that was moved out of the way for one that never came."""
        if not self._is_there():
            with suppress(FileNotFoundError):
                os.rename("old", self.name, src_dir_fd=folder, dst_dir_fd=self.parent)
                os.fsync(self.parent)

    def _clear(self, *, but: str = "") -> None:
        """Remove what killed ones left; raises Busy, before anything is removed, if one of them still lives."""
        locked: list[tuple[str, int]] = []
        try:
            for name in self.left():
                if name != but:
                    with suppress(OSError):
                        locked.append((name, os.open(name, FOLDER, dir_fd=self.parent)))
            if not all(_lock(folder) for _, folder in locked):
                raise Busy(f"another unpack is at work on {self.path}")
            for name, folder in locked:
                self._put_back(folder)
                if not mounted_within(os.path.realpath(os.path.join(os.path.dirname(self.path) or ".", name))):
                    shutil.rmtree(name, ignore_errors=True, dir_fd=self.parent)
        finally:
            for _, folder in locked:
                os.close(folder)

    def _marked(self) -> tuple[Unpacked, ...]:
        """The trees that may be here: those of DIR's own mark, and of the mark of what it leads to."""
        own = read_mark(self.name, within=self.parent)
        return own if self._leads_to() is None else (*own, *read_mark_beside(os.path.realpath(self.path)))

    def _leads_to(self) -> str | None:
        """What DIR says if it is a link."""
        try:
            return os.readlink(self.name, dir_fd=self.parent)
        except OSError:
            return None

    def _is_there(self) -> bool:
        try:
            return stat.S_ISDIR(os.stat(self.name, dir_fd=self.parent, follow_symlinks=False).st_mode)
        except FileNotFoundError:
            return False


def _lock(folder: int) -> bool:
    """Whether nobody else holds it; where folders cannot be locked (NFS), nobody is known to."""
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
