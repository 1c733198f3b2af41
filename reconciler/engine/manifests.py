"""From files to a fleet: read, declare, read the sources the packages name, resolve."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.engine.owning import ownership_of
from reconciler.engine.remembered import Remembered
from reconciler.manifests.declaring.declare import declared, read_files
from reconciler.manifests.documents import Declared
from reconciler.manifests.resolving.fleet import resolve, sources_of
from reconciler.model.commits import Provenance
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.fleet import Fleet
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.model.settings import Settings
from reconciler.model.source_text import SourceText
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.listing import read_content
from reconciler.sources.manifest_read import ManifestRead
from reconciler.state.protocol import State


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRead:
    """The fleet as the manifests and the sources describe it, and everything that is wrong in them.

    `files` counts the manifests read; `declared` keeps each object's place. `packed` is asked before planning, so is
    `commit`: which one it is from, if it is. `texts` are what a commit's messages are about, None where files are.
    """

    fleet: Fleet
    diagnostics: tuple[Diagnostic, ...]
    declared: Declared
    files: int
    packed: "Packed"
    commit: "Callable[[], Provenance | None]"
    texts: tuple[SourceText, ...] | None = None
    remembered: Remembered | None = None
    """What the pass before this one left, if it is remembered."""

    @property
    def has_errors(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.diagnostics)

    def with_packed(self, state: State) -> "FleetRead":
        """The same, with what depots hold of the contents that cannot be read here; a look at them, no more."""
        return replace(self, fleet=self.packed(self.fleet, state))


Packed = Callable[[Fleet, State], Fleet]
"""What depots hold of a fleet's contents that cannot be read here (reconciler.engine.packed)."""


Located = Callable[[SourceRequest], SourceRequest | SourceProblem]
"""Where a source is read: with the tree of a commit that has it, or why it cannot be (reconciler.engine.committed)."""


def in_place(request: SourceRequest) -> SourceRequest:
    """A source is read where it lies."""
    return request


def of_no_commit(_read: ManifestRead) -> None:
    """The files are in no repository, or nobody asks."""


def nothing(_done: int, _total: int, _name: str) -> None:
    """Tells nobody how far the reading is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """Where the manifests come from and how they are read; `source` reads them all and raises Moved (L39)."""

    source: Callable[[], ManifestRead]
    settings: Settings
    settings_directory: str
    cache: DigestCache
    packed: Packed
    located: Located = in_place
    head: Callable[[ManifestRead], Provenance | None] = of_no_commit
    """The commit that files which were read belong to; asked only by who plans."""
    settings_text: SourceText | None = None
    """The settings that a commit brings."""
    top: str | None = None
    """What the paths of `ownership` are seen from, where a commit is read; of files it is found (owning)."""
    progress: Callable[[int, int, str], None] = nothing
    """Told before each source how many are read, of how many, and which is next; and once when all are."""
    remembered: Remembered | None = None
    """What the pass before this one left; a watcher gives the same to all its `Manifests`, others none."""

    def declare(self, read: ManifestRead) -> Declared:
        """What the files declare, the settings' defaults laid under it; nothing resolved, no source read."""
        files = read_files(
            read.texts,
            defaults=self.settings.defaults,
            settings_directory=self.settings_directory,
            before=None if self.remembered is None else self.remembered.files,
        )
        if self.remembered is not None:
            self.remembered.files = files
        return declared(files, ownership_of(self.settings, folder=self.settings_directory, top=self.top))

    def content(self, request: SourceRequest) -> Content | SourceProblem:
        """What a package's source holds now, or as a commit has it (L40); raises Moved."""
        found = self.located(request)
        if isinstance(found, SourceProblem):
            return found
        if self.remembered is None:
            return read_content(found, self.cache)
        return self.remembered.contents.of(found, lambda source: read_content(source, self.cache))

    def read(self) -> FleetRead:
        """The fleet as it is now; raises Moved when a file changed while it was read."""
        read = self.source()
        return self.resolve(read, self.declare(read), self.content)

    def resolve(
        self, read: ManifestRead, declared: Declared, content: Callable[[SourceRequest], Content | SourceProblem]
    ) -> FleetRead:
        """The fleet of manifests that were read, with what `content` tells of each source.

        What a file that cannot be read declares is not known, so it counts as broken (L35).
        """
        requests = sources_of(declared)
        missing = tuple(path.removeprefix(f"{read.relative_to.rstrip('/')}/") for path in read.missing)
        read = read.outside(request.path for request in requests)
        unread = {diagnostic.where.file for diagnostic in read.diagnostics if diagnostic.is_error}
        declared = replace(declared, broken=tuple(sorted(unread.union(declared.broken))))
        contents = {}
        for done, request in enumerate(requests):
            self.progress(done, len(requests), request.package)
            contents[request.package] = content(request)
        self.progress(len(requests), len(requests), "")
        resolved = resolve(declared, contents, None if self.remembered is None else self.remembered.objects)
        if self.remembered is not None and resolved.objects is not None:
            self.remembered.objects = resolved.objects
            self.remembered.contents.turn()
        diagnostics = (*read.diagnostics, *declared.diagnostics, *resolved.diagnostics)
        return FleetRead(
            fleet=replace(resolved.fleet, empty=True, missing=missing) if missing else resolved.fleet,
            diagnostics=tuple(sorted(diagnostics, key=lambda diagnostic: diagnostic.order)),
            declared=declared,
            files=len(read.texts),
            packed=self.packed,
            commit=lambda: read.commit or self.head(read),
            remembered=self.remembered,
            texts=None if read.commit is None else (*read.texts, *filter(None, (self.settings_text,))),
        )
