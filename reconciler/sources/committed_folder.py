"""One folder of a commit: what of it counts as manifests, by the rules by which a directory is read."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from reconciler.git.lfs import MissingLfs
from reconciler.git.objects import FOLDER, LINK, SUBMODULE, RawEntry, TreeEntry, entry_of
from reconciler.model.commits import ObjectId
from reconciler.model.ignoring import Patterns
from reconciler.sources.tree import DEEPEST, IGNORE_FILE, beneath, is_manifest, is_utf8

Rules = tuple[tuple[int, Patterns], ...]
"""As in `sources.tree.Folder`: where they stand, and what they say; the deepest last."""

_IGNORE_FILE = IGNORE_FILE.encode()
_MANIFESTS = (b".yaml", b".yml")
_PLAIN = frozenset((b"100644", b"100664", b"100755"))
"""What neither has a manifest's name nor another mode than these is passed over at once, and nothing of it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What is among the manifests and is not read: diagnostic code, and why."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedFolder:
    """Path → id of the manifests, the folders and the links in it that count; path → what is refused.

    It stays true as long as its tree and the rules `above` are the same, unless it is `unsettled`: a file of rules was
    not to be had. What a link leads to may change meanwhile.
    """

    tree: ObjectId
    listed: frozenset[RawEntry]
    above: Rules
    rules: Rules
    manifests: dict[str, ObjectId]
    folders: dict[str, ObjectId]
    links: dict[str, ObjectId]
    refused: dict[str, Refused]
    ignore_file: RawEntry | None = None
    unsettled: bool = False


class FolderReader:
    """Reads one folder; `ignore_rules` reads a `.reconcileignore`: path and id → what it says."""

    def __init__(self, path: str, above: Rules, ignore_rules: Callable[[str, ObjectId], Patterns], depth: int) -> None:
        self._path = path
        self._above = self._rules = above
        self._ignore_rules = ignore_rules
        self._depth = depth
        self._manifests: dict[str, ObjectId] = {}
        self._folders: dict[str, ObjectId] = {}
        self._links: dict[str, ObjectId] = {}
        self._refused: dict[str, Refused] = {}

    def read(self, tree: ObjectId, entries: Sequence[RawEntry], before: CommittedFolder | None) -> CommittedFolder:
        """The folder whose entries these are; of what it was `before`, only what differs is looked at again."""
        listed = frozenset(entry for entry in entries if entry[1].endswith(_MANIFESTS) or entry[0] not in _PLAIN)
        ignore_file = next((entry for entry in entries if entry[1] == _IGNORE_FILE), None)
        if _goes_on(before, self._above, ignore_file):
            self._begin_with(before, listed)
            listed_anew = listed - before.listed
        else:
            listed_anew = listed
            if ignore_file is not None:
                self._take_rules(entry_of(ignore_file))
        for raw in listed_anew:
            if not raw[1].startswith(b"."):
                self._take(entry_of(raw))
        return CommittedFolder(
            tree=tree,
            listed=listed,
            above=self._above,
            rules=self._rules,
            manifests=self._manifests,
            folders=self._folders,
            links=self._links,
            refused=self._refused,
            ignore_file=ignore_file,
            unsettled=any(refused.code == "lfs-missing" for refused in self._refused.values()),
        )

    def _begin_with(self, before: CommittedFolder, listed: frozenset[RawEntry]) -> None:
        """All that was there, less what is not any more."""
        self._rules = before.rules
        kinds: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
            (self._manifests, before.manifests),
            (self._folders, before.folders),
            (self._links, before.links),
            (self._refused, before.refused),
        )
        gone = [beneath(self._path, os.fsdecode(name)) for _, name, _ in before.listed - listed]
        for now, then in kinds:
            now.update(then)
            for path in gone:
                now.pop(path, None)

    def _take_rules(self, entry: TreeEntry) -> None:
        path = beneath(self._path, IGNORE_FILE)
        if entry.mode == LINK:
            self._refuse(path, code="manifest-link", reason="a link is not followed")
        elif entry.mode in (FOLDER, SUBMODULE):
            self._refuse(path, code="unreadable", reason="cannot be read: no regular file")
        else:
            try:
                rules = self._ignore_rules(path, entry.id)
            except MissingLfs as missing:
                self._refuse(path, code="lfs-missing", reason=str(missing))
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
            self._refuse(path, code="name-not-utf8", reason="the name is not UTF-8")
        elif "/" in name or not name:
            self._refuse(path, code="unreadable", reason="cannot be read: this is no name")
        elif entry.mode == SUBMODULE:
            self._refuse(path, code="manifest-submodule", reason="a submodule is not read")
        elif is_folder and self._depth == DEEPEST:
            self._refuse(path, code="unreadable", reason=f"cannot be read: folders nest deeper than {DEEPEST}")
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

    def _refuse(self, path: str, *, code: str, reason: str) -> None:
        self._refused[path] = Refused(code=code, reason=reason)


def _goes_on(before: CommittedFolder | None, above: Rules, ignore_file: RawEntry | None) -> TypeGuard[CommittedFolder]:
    """Whether what was said of the entries holds of those that are still there."""
    return before is not None and not before.unsettled and (before.above, before.ignore_file) == (above, ignore_file)
