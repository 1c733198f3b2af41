"""From files to a fleet: read, declare, read the sources the packages name, resolve."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.manifests.declare import declare
from reconciler.manifests.documents import Declared
from reconciler.manifests.fleet import resolve, sources_of
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.fleet import Fleet
from reconciler.model.looks import Look
from reconciler.model.names import PackageName
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.model.settings import Settings
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.listing import read_content
from reconciler.sources.directory import ManifestRead


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRead:
    """The fleet as the manifests and the sources describe it, and everything that is wrong in them.

    `files` counts the manifests read; `look` is what they looked like (L39); `declared` keeps each object's place.
    """

    fleet: Fleet
    diagnostics: tuple[Diagnostic, ...]
    declared: Declared
    requests: tuple[SourceRequest, ...]
    files: int
    look: Look

    @property
    def has_errors(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.diagnostics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """Where the manifests come from and how they are read; `source` reads them all and raises Moved (L39)."""

    source: Callable[[], ManifestRead]
    settings: Settings
    settings_directory: str
    cache: DigestCache

    def declare(self, read: ManifestRead) -> Declared:
        """What the files declare, the settings' defaults laid under it; nothing resolved, no source read."""
        return declare(read.texts, defaults=self.settings.defaults, settings_directory=self.settings_directory)

    def read(self) -> FleetRead:
        """The fleet; raises Moved when a file changed while it was read."""
        read = self.source()
        declared = self.declare(read)
        requests = sources_of(declared)
        contents: dict[PackageName, Content | SourceProblem] = {
            request.package: read_content(request, self.cache) for request in requests
        }
        resolved = resolve(declared, contents)
        read = read.outside(request.path for request in requests)
        diagnostics = (*read.diagnostics, *declared.diagnostics, *resolved.diagnostics)
        return FleetRead(
            fleet=replace(resolved.fleet, empty=True) if read.missing else resolved.fleet,
            diagnostics=tuple(sorted(diagnostics, key=lambda diagnostic: diagnostic.order)),
            declared=declared,
            requests=requests,
            files=len(read.texts),
            look=read.look,
        )
