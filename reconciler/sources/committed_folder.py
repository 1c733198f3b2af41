"""One folder of a commit: what of it counts as manifests, by the rules by which a directory is read."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reconciler.git.lfs import MissingLfs
from reconciler.git.objects import FOLDER, LINK, SUBMODULE, TreeEntry
from reconciler.model.commits import ObjectId
from reconciler.model.ignoring import Patterns
from reconciler.sources.tree import DEEPEST, IGNORE_FILE, beneath, is_manifest, is_utf8

Rules = tuple[tuple[int, Patterns], ...]
"""As in `sources.tree.Folder`: where they stand, and what they say; the deepest last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What is among the manifests and is not read: path, diagnostic code, and why."""

    path: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedFolder:
    """Path → id of the manifests, the folders and the links in it that count.

    It stays true as long as its tree and the rules `above` are the same, unless it is `unsettled`: a file of rules was
    not to be had. What a link leads to may change meanwhile.
    """

    tree: ObjectId
    above: Rules
    rules: Rules
    manifests: dict[str, ObjectId]
    folders: dict[str, ObjectId]
    links: dict[str, ObjectId]
    refused: tuple[Refused, ...]
    ignore_file: ObjectId | None = None
    unsettled: bool = False


class FolderReader:
    """Reads one folder; `ignore_rules` reads a `.reconcileignore`: path and id → what it says."""

    def __init__(self, path: str, above: Rules, ignore_rules: Callable[[str, ObjectId], Patterns], depth: int) -> None:
        self._path = path
        self._above = self._rules = above
        self._ignore_rules = ignore_rules
        self._depth = depth
        self._ignore_file: ObjectId | None = None
        self._manifests: dict[str, ObjectId] = {}
        self._folders: dict[str, ObjectId] = {}
        self._links: dict[str, ObjectId] = {}
        self._refused: list[Refused] = []

    def read(self, tree: ObjectId, entries: Iterable[TreeEntry], ignore_file: TreeEntry | None) -> CommittedFolder:
        """The folder whose entries these are."""
        if ignore_file is not None:
            self._take_rules(ignore_file)
        for entry in entries:
            if not entry.name.startswith(b"."):
                self._take(entry)
        return CommittedFolder(
            tree=tree,
            above=self._above,
            rules=self._rules,
            manifests=self._manifests,
            folders=self._folders,
            links=self._links,
            refused=tuple(self._refused),
            ignore_file=self._ignore_file,
            unsettled=any(refused.code == "lfs-missing" for refused in self._refused),
        )

    def _take_rules(self, entry: TreeEntry) -> None:
        path = beneath(self._path, IGNORE_FILE)
        if entry.mode == LINK:
            self._refuse(path, "manifest-link", "a link is not followed")
        elif entry.mode in (FOLDER, SUBMODULE):
            self._refuse(path, "unreadable", "cannot be read: no regular file")
        else:
            self._ignore_file = entry.id
            try:
                rules = self._ignore_rules(path, entry.id)
            except MissingLfs as missing:
                self._refuse(path, "lfs-missing", str(missing))
            else:
                self._rules = (*self._above, (len(self._path.rstrip("/")), rules))

    def _take(self, entry: TreeEntry) -> None:
        name = os.fsdecode(entry.name)
        path = beneath(self._path, name)
        is_folder = entry.mode in (FOLDER, SUBMODULE)
        if not (is_folder or entry.mode == LINK or is_manifest(name)) or self._ignores(path, folder=is_folder):
            return
        if entry.mode == LINK:
            self._links[path] = entry.id
        elif not is_utf8(name):
            self._refuse(path, "name-not-utf8", "the name is not UTF-8")
        elif "/" in name:
            self._refuse(path, "unreadable", "cannot be read: a slash is in the name")
        elif entry.mode == SUBMODULE:
            self._refuse(path, "manifest-submodule", "a submodule is not read")
        elif is_folder and self._depth == DEEPEST:
            self._refuse(path, "unreadable", f"cannot be read: folders nest deeper than {DEEPEST}")
        elif is_folder:
            self._folders[path] = entry.id
        else:
            self._manifests[path] = entry.id

    def _ignores(self, path: str, *, folder: bool) -> bool:
        for length, patterns in reversed(self._rules):
            verdict = patterns.verdict(path[length + 1 :], folder=folder)
            if verdict is not None:
                return verdict
        return False

    def _refuse(self, path: str, code: str, reason: str) -> None:
        self._refused.append(Refused(path=path, code=code, reason=reason))
