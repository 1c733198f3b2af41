"""Manifests from the commits of a repository: from its objects, never from files that are checked out."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from reconciler.git.lfs import MissingLfs, pointer_of, resolve
from reconciler.git.objects import FOLDER, LINK, SUBMODULE, MissingObject, Objects
from reconciler.git.repository import Repository
from reconciler.git.trees import LeadsOut, Trees
from reconciler.manifests.paths import normal
from reconciler.model.commits import CommitId, CommittedTree, ObjectId, Provenance
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.faults import GitFault
from reconciler.model.ignoring import Patterns
from reconciler.model.looks import Look
from reconciler.model.source_text import SourceText
from reconciler.sources.commit_walk import CommitWalk, candidates
from reconciler.sources.committed_folder import CommittedFolder
from reconciler.sources.manifest_read import LARGEST, ManifestRead, printable, refusal, shown

if TYPE_CHECKING:
    from reconciler.git.promised import Promised

Given = TypeVar("Given")

_ONE_GIT = 500
"""Commits that are read through one git: its memory only grows, by some 6 KiB a commit."""

_MOST_WHOLE = 10_000
"""Trees of which it is remembered that nothing lacks."""


class OutsideRepository(GitFault):
    """No commit of the repository can hold this path."""

    def __init__(self, path: str, top: str) -> None:
        super().__init__(f"{path} is not in the repository {top}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTree:
    """What a commit has in the place of a folder, in words before its name; whether it has anything there."""

    words: str
    is_there: bool = False


class CommitReader:
    """Reads one commit after the other; folders and files that are as they were are not read again.

    The repository's files are named as if the commit were checked out in the folder `top`, which is the repository's
    own unless its tree stands for another place; people see them relative to `relative_to`. `promised` is where a
    partial clone gets what it lacks. For one thread. Methods raise GitFault.
    """

    def __init__(
        self, repository: Repository, *, relative_to: str, top: str | None = None, promised: "Promised | None" = None
    ) -> None:
        self.repository = repository
        self.top = normal(top or repository.top)
        self._relative_to = os.path.abspath(relative_to)
        self._promised = promised
        self._git_dir = repository.git_dir if promised is None else promised.git_dir
        self._trees = Trees(Objects(self._git_dir))
        self._roots: tuple[CommitId, ObjectId] | None = None
        self._folders: dict[str, CommittedFolder] = {}
        self._texts: dict[str, tuple[ObjectId, SourceText]] = {}
        self._ignore: tuple[tuple[str, ...], Patterns] = ((), Patterns())
        self._whole: set[ObjectId] = set()
        self._commits = 0

    def close(self) -> None:
        """Let git go; what is remembered stays."""
        self._trees.objects.close()

    @property
    def objects(self) -> Objects:
        """What everything is read through."""
        return self._trees.objects

    def head(self) -> CommitId:
        """The commit that the repository's HEAD is at."""
        return self.objects.head()

    def parents(self, commit: CommitId) -> tuple[CommitId, ...]:
        """The commits that a commit says it follows; raises MissingObject if it is not there itself."""
        head = self.objects.read(ObjectId(commit), "commit").partition(b"\n\n")[0].split(b"\n")
        return tuple(CommitId(line[7:].decode("ascii")) for line in head if line.startswith(b"parent "))

    def read(
        self,
        commit: CommitId,
        *,
        roots: Sequence[str],
        ignore: Sequence[str] = (),
        skip_files: Sequence[str] = (),
        branch: str | None = None,
    ) -> ManifestRead:
        """The manifests of a commit, by the rules of `read_manifests`; raises OutsideRepository.

        Links and submodules among them are named, not followed. A file that is as it was in the commit read before is
        the same `SourceText`.
        """
        roots = tuple(dict.fromkeys(map(normal, roots)))
        skip = frozenset(map(normal, skip_files))
        return self._complete(lambda: self._read(commit, roots, tuple(ignore), skip, branch), commit, roots)

    def blobs(self, commit: CommitId, *, roots: Sequence[str], ignore: Sequence[str] = ()) -> Mapping[str, ObjectId]:
        """Path → id of the manifests of a commit, none of them read; raises OutsideRepository."""
        return self._walk(commit, tuple(dict.fromkeys(map(normal, roots))), tuple(ignore)).manifests

    def blob_at(self, commit: CommitId, path: str) -> ObjectId | None:
        """The id of the file at a path; None if the commit has none there."""
        inside = self._inside(path)
        found = None if inside is None else self._trees.at(self._root(commit), inside)[1]
        return None if found is None or found.mode in (FOLDER, LINK, SUBMODULE) else found.id

    def file(self, commit: CommitId, path: str) -> SourceText | None:
        """One file, the settings; None if the commit has no file there, or it lies elsewhere."""
        inside = self._inside(path)
        if inside is None:
            return None
        return self._complete(lambda: self._file(commit, normal(path), inside), commit)

    def tree(self, commit: CommitId, path: str) -> CommittedTree | NoTree:
        """The folder at a path; what a partial clone lacks of it is fetched."""
        inside = self._inside(path)
        if inside is None:
            return NoTree(words="lies outside the repository of")
        return self._complete(lambda: self._tree(commit, inside), commit)

    def holds(self, path: str) -> bool:
        """Whether a path lies in the repository, whether or not a commit has it."""
        return self._inside(path) is not None

    def has_folder(self, commit: CommitId, path: str) -> bool:
        """Whether manifests can be looked for there."""
        inside = self._inside(path)
        if inside is None:
            return False
        found = self._complete(lambda: self._trees.at(self._root(commit), inside)[1], commit)
        return found is not None and found.mode == FOLDER

    def _inside(self, path: str) -> bytes | None:
        """The path as trees have it; None for what lies outside. A path that is spelled another way is found too."""
        inside = _beneath(normal(path), self.top)
        return inside if inside is not None else _beneath(os.path.realpath(path), os.path.realpath(self.top))

    def _root(self, commit: CommitId) -> ObjectId:
        if self._roots is None or self._roots[0] != commit:
            self._commits += 1
            if self._commits % _ONE_GIT == 0:
                self.close()
            root = self._trees.objects.commit_tree(commit)
            self._trees.turn()
            self._roots = commit, root
        return self._roots[1]

    def _read(
        self,
        commit: CommitId,
        roots: tuple[str, ...],
        ignore: tuple[str, ...],
        skip: frozenset[str],
        branch: str | None,
    ) -> ManifestRead:
        walked = self._walk(commit, roots, ignore)
        diagnostics = [self._refusal(path, code=why.code, reason=why.reason) for path, why in walked.refused.items()]
        texts = self._read_texts(
            {path: blob for path, blob in walked.manifests.items() if path not in skip}, diagnostics
        )
        self._folders, self._texts = walked.folders, texts
        return ManifestRead(
            texts=tuple(sorted((text for _, text in texts.values()), key=lambda text: text.file)),
            diagnostics=tuple(sorted(diagnostics, key=lambda diagnostic: diagnostic.order)),
            look=Look(manifests=walked.marks),
            relative_to=self._relative_to,
            missing=tuple(walked.missing),
            commit=Provenance(commit=commit, branch=branch),
        )

    def _walk(self, commit: CommitId, roots: tuple[str, ...], ignore: tuple[str, ...]) -> CommitWalk:
        if ignore != self._ignore[0]:
            self._ignore = ignore, Patterns.of(ignore)
        walk = CommitWalk(
            root=self._root(commit),
            trees=self._trees,
            inside=self._inside,
            ignore_rules=self._patterns,
            known=self._folders,
        )
        for root in roots:
            if self._inside(root) is None:
                raise OutsideRepository(root, self.top)
            walk.visit_root(root, self._ignore[1])
        walk.judge_links()
        return walk

    def _patterns(self, path: str, blob: ObjectId) -> Patterns:
        text = self._text(path, self._blob(blob)).data
        return Patterns.of(text.removeprefix(b"\xef\xbb\xbf").decode(errors="surrogateescape").split("\n"))

    def _read_texts(
        self, manifests: dict[str, ObjectId], diagnostics: list[Diagnostic]
    ) -> dict[str, tuple[ObjectId, SourceText]]:
        """Path → id and file; only what is new is read, all at once, and of one blob under many names one copy kept."""
        known = self._texts
        new = {path: blob for path, blob in manifests.items() if path not in known or known[path][0] != blob}
        texts = {path: known[path] for path in manifests if path not in new}
        datas = dict(self._trees.objects.read_many(dict.fromkeys(new.values()), most=LARGEST + 1))
        for path, blob in new.items():
            try:
                texts[path] = blob, self._text(path, datas[blob])
            except MissingLfs as missing:
                diagnostics.append(self._refusal(path, code="lfs-missing", reason=str(missing)))
        return texts

    def _blob(self, blob: ObjectId) -> bytes:
        [(_, data)] = self._trees.objects.read_many((blob,), most=LARGEST + 1)
        return data

    def _text(self, path: str, data: bytes) -> SourceText:
        """The file, what Git LFS keeps for it resolved; raises MissingLfs."""
        pointer = pointer_of(data)
        if pointer is not None:
            data = resolve(self.repository.common_dir, pointer, most=LARGEST + 1)
        folder = path.rpartition("/")[0]
        return SourceText(file=shown(path, self._relative_to), directory=folder or "/", data=data)

    def _file(self, commit: CommitId, path: str, inside: bytes) -> SourceText | None:
        try:
            found = self._trees.follow(self._root(commit), inside)
        except LeadsOut:
            return None
        if found is None or found.mode in (FOLDER, LINK, SUBMODULE):
            return None
        return self._text(path, self._blob(found.id))

    def _tree(self, commit: CommitId, inside: bytes) -> CommittedTree | NoTree:
        walked, found = self._trees.at(self._root(commit), inside)
        if found is None:
            return NoTree(words="is not in")
        if found.mode != FOLDER:
            kind = {LINK: "a link", SUBMODULE: "a submodule"}.get(found.mode, "a file")
            below = "is" if walked == inside else f"lies beneath {printable(os.fsdecode(walked))}, which is"
            return NoTree(words=f"{below} {kind} in", is_there=True)
        if self._promised is not None and found.id not in self._whole:
            wanted = {entry.id for entry in self._trees.files(found.id)}
            lacking = wanted - self._trees.objects.sizes(wanted).keys()
            if lacking:
                self._promised.fetch(lacking)
            if len(self._whole) == _MOST_WHOLE:
                self._whole.clear()
            self._whole.add(found.id)
        return CommittedTree(git_dir=self._git_dir, tree=found.id)

    def _complete(self, action: Callable[[], Given], commit: CommitId, roots: Iterable[str] = ()) -> Given:
        """What `action` gives; what a partial clone lacks for it is fetched, that of all manifests at once."""
        asked = {ObjectId(commit)}
        while True:
            try:
                return action()
            except MissingObject as missing:
                if self._promised is None or missing.id in asked:
                    raise
                lacking = {missing.id, *self._lacking(commit, roots)}
                asked |= lacking
                self._promised.fetch(lacking)

    def _lacking(self, commit: CommitId, roots: Iterable[str]) -> set[ObjectId]:
        """What is not there of all that could be a manifest, or say what is none."""
        try:
            wanted = candidates(self._trees, self._root(commit), (self._inside(root) for root in roots))
        except MissingObject as missing:
            return {missing.id}
        return wanted - self._trees.objects.sizes(wanted).keys()

    def _refusal(self, path: str, *, code: str, reason: str) -> Diagnostic:
        return refusal(path, self._relative_to, code=code, reason=reason)


def _beneath(path: str, top: str) -> bytes | None:
    above = top.rstrip("/")
    return os.fsencode(path[len(above) + 1 :]) if path == top or path.startswith(f"{above}/") else None
