"""The manifests of commits, as one working place understands them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from reconciler.engine.manifests import Manifests, Packed, nothing
from reconciler.engine.remembered import Remembered
from reconciler.manifests.declaring.settings import SettingsRead, read_settings
from reconciler.model.commits import CommitId
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.faults import GitFault
from reconciler.model.packages import SourceProblem, SourceRequest
from reconciler.model.settings import Settings
from reconciler.model.source_text import SourceText
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.problems import printable
from reconciler.sources.commit import CommitReader, NoTree


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenSettings:
    """What is wrong with the settings that a commit brings, and their text."""

    diagnostics: tuple[Diagnostic, ...]
    text: SourceText


@dataclass(frozen=True, slots=True, kw_only=True)
class Commits:
    """The commits of one repository, read as if each were checked out at the working place.

    A commit brings its `manifests` and `defaults` along, in the first of `settings_files` that it has; without one the
    defaults of both hold, as seen from `folder`. Whatever decides about trust is the working place's `own`: guards,
    state, git, ownership. Where `settings_files` is None the own settings lie outside the repository, and all of them
    hold. `named` are manifests that were asked for by name.
    """

    reader: CommitReader
    own: Settings
    settings_files: tuple[str, ...] | None
    folder: str
    named: tuple[str, ...] = ()
    cache: DigestCache
    packed: Packed
    progress: Callable[[int, int, str], None] = nothing
    remembered: Remembered | None = None
    _brought: dict[SourceText | None, SettingsRead] = field(default_factory=dict, init=False)
    """The settings of the commit that was read last: most commits leave them alone."""

    def manifests(self, commit: CommitId, *, branch: str | None = None) -> Manifests | BrokenSettings:
        """How the manifests of a commit are read; `branch` is named beside it. Raises GitFault."""
        text = next(filter(None, (self.reader.file(commit, file) for file in self.settings_files or ())), None)
        folder = self.folder if text is None else text.directory
        settings = self.own
        if self.settings_files is not None:
            brought = self._read_settings(text, folder)
            if brought.settings is None:
                return BrokenSettings(diagnostics=brought.diagnostics, text=text or _NO_TEXT)
            settings = _with_brought(self.own, brought.settings)
        settings = replace(settings, manifest_paths=self._roots(commit, settings, folder))
        return Manifests(
            source=lambda: self.reader.read(
                commit,
                roots=settings.manifest_paths,
                ignore=settings.ignore,
                skip_files=() if text is None else (text.path,),
                branch=branch,
            ),
            settings=settings,
            settings_directory=folder,
            cache=self.cache,
            packed=self.packed,
            located=lambda request: located(self.reader, commit, request),
            settings_text=text,
            top=self.reader.top,
            progress=self.progress,
            remembered=self.remembered,
        )

    def _read_settings(self, text: SourceText | None, folder: str) -> SettingsRead:
        if text not in self._brought:
            self._brought.clear()
            self._brought[text] = read_settings(text, directory=folder)
        return self._brought[text]

    def _roots(self, commit: CommitId, settings: Settings, folder: str) -> tuple[str, ...]:
        if self.named or settings.manifest_paths:
            return self.named or settings.manifest_paths
        usual = f"{folder}/manifests"
        return (usual if self.reader.has_folder(commit, usual) else folder,)


_NO_TEXT = SourceText(file="", directory="/", data=b"")


def _with_brought(own: Settings, brought: Settings) -> Settings:
    return replace(own, manifest_paths=brought.manifest_paths, ignore=brought.ignore, defaults=brought.defaults)


def located(reader: CommitReader, commit: CommitId, request: SourceRequest) -> SourceRequest | SourceProblem:
    """A source that is a folder of the commit is read there; any other has to be pinned, and is read in place (L40)."""
    try:
        found = reader.tree(commit, request.path)
    except GitFault as fault:
        return request if request.pin else _unobtainable(request, fault)
    if not isinstance(found, NoTree):
        return replace(request, tree=found)
    return request if request.pin else _refused(request, found, commit)


def _refused(request: SourceRequest, found: NoTree, commit: CommitId) -> SourceProblem:
    what = f"{printable(request.path)} {found.words} commit {commit[:7]}"
    if found.is_there:
        return SourceProblem(
            code="source-not-a-directory",
            message=what,
            hint="name the folder that holds the files, as the commit has it",
        )
    return SourceProblem(
        code="unpinned-source",
        message=f"{what}, and no digest says what is in it",
        hint=f"commit the folder, or pin what it holds: reconcile pin {request.package}",
    )


def _unobtainable(request: SourceRequest, fault: GitFault) -> SourceProblem:
    return SourceProblem(
        code="source-objects-missing",
        message=f"{printable(request.path)} cannot be read: {fault}",
        hint="fetch what is missing into the repository",
    )
