"""One walk through a commit: what lies beneath the roots and counts, of which only what changed is looked at."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.git.objects import FOLDER, LINK, SUBMODULE
from reconciler.git.trees import LeadsOut, Trees
from reconciler.model.commits import ObjectId
from reconciler.model.ignoring import Patterns
from reconciler.model.looks import Mark
from reconciler.sources.committed_folder import CommittedFolder, FolderReader, Refused, Rules
from reconciler.sources.tree import IGNORE_FILE, is_manifest, is_utf8

MOST = 200_000
"""Folders and manifests of one commit: subtrees that share one another could make billions of paths of a few trees."""

_NOT_FOLLOWED = "a link is not followed"


@dataclass(slots=True, kw_only=True)
class CommitWalk:
    """Paths are those of a checkout, `inside` tells them as trees have them; `known` are the folders of another walk.

    Afterwards `folders`, `manifests` and `links` are what was found, `refused` what is named instead of read, `missing`
    the roots that are not there; `marks` stand for all of it.
    """

    root: ObjectId
    trees: Trees
    inside: Callable[[str], bytes | None]
    ignore_rules: Callable[[str, ObjectId], Patterns]
    known: Mapping[str, CommittedFolder]
    folders: dict[str, CommittedFolder] = field(default_factory=dict)
    manifests: dict[str, ObjectId] = field(default_factory=dict)
    links: dict[str, ObjectId] = field(default_factory=dict)
    refused: dict[str, Refused] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    marks: dict[str, Mark] = field(default_factory=dict)
    full: bool = False

    def visit_root(self, path: str, rules: Patterns) -> None:
        """A root that is a link is followed, as it was named on purpose, but not out of the commit."""
        if path in self.marks:
            return
        try:
            found = self.trees.follow(self.root, self.inside(path) or b"")
        except LeadsOut:
            self._refuse(path, code="manifest-link", reason="the link leads out of the repository")
            return
        if found is None:
            self.marks[path] = ("missing",)
            self.missing.append(path)
        elif found.mode == FOLDER:
            self._visit(path, found.id, ((len(path.rstrip("/")), rules),) if rules else (), depth=0)
        elif found.mode == SUBMODULE:
            self._refuse(path, code="manifest-submodule", reason="a submodule is not read")
        else:
            self.manifests[path] = found.id
            self.marks[path] = (found.id,)

    def judge_links(self) -> None:
        """One with a manifest's name is named, so is one to a folder: manifests may be expected beneath it."""
        for path in self.links:
            why = self._why_refused(path)
            if why and is_utf8(path):
                self._refuse(path, code="manifest-link", reason=why)
            elif why:
                self._refuse(path, code="name-not-utf8", reason="the name is not UTF-8")

    def _visit(self, path: str, tree: ObjectId, above: Rules, *, depth: int) -> None:
        if path in self.folders or self.full:
            return
        if len(self.folders) + len(self.manifests) > MOST:
            self.full = True
            self._refuse(path, code="unreadable", reason=f"cannot be read: more than {MOST:,} folders and manifests")
            return
        folder = self.known.get(path)
        if folder is None or folder.unsettled or folder.tree != tree or folder.above != above:
            reader = FolderReader(path, above, self.ignore_rules, depth)
            folder = reader.read(tree, self.trees.objects.raw_tree(tree), folder)
        self.folders[path] = folder
        self.marks[path] = ("folder", folder.ignore_file)
        self.manifests.update(folder.manifests)
        self.marks.update(zip(folder.manifests, zip(folder.manifests.values(), strict=True), strict=True))
        self.links.update(folder.links)
        for refused, why in folder.refused.items():
            self._refuse(refused, code=why.code, reason=why.reason)
        for below, subtree in folder.folders.items():
            self._visit(below, subtree, folder.rules, depth=depth + 1)

    def _why_refused(self, path: str) -> str:
        if is_manifest(path):
            return _NOT_FOLLOWED
        try:
            found = self.trees.follow(self.root, self.inside(path) or b"")
        except LeadsOut:
            return f"{_NOT_FOLLOWED}, and this one leads out of the repository"
        return _NOT_FOLLOWED if found is not None and found.mode == FOLDER else ""

    def _refuse(self, path: str, *, code: str, reason: str) -> None:
        self.refused[path] = Refused(code=code, reason=reason)
        self.marks[path] = ("refused", code, reason)


def candidates(trees: Trees, root: ObjectId, roots: Iterable[bytes | None]) -> set[ObjectId]:
    """Whatever beneath the roots could be a manifest, or say what is none; no file is read."""
    found: set[ObjectId] = set()
    for inside in roots:
        try:
            place = trees.follow(root, inside or b"")
        except LeadsOut:
            continue
        if place is not None and place.mode == FOLDER:
            found.update(
                entry.id
                for entry in trees.files(place.id, hidden=False)
                if entry.mode == LINK or entry.name == IGNORE_FILE.encode() or is_manifest(os.fsdecode(entry.name))
            )
    return found
