"""What `watch` repeats on files: it acts on the very bytes it looked at (L39)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.engine.manifests import Manifests
from reconciler.engine.passes import Outcome, PassReport, anybody, make_pass, nobody
from reconciler.engine.scope import Narrowing
from reconciler.manifests.documents import Declared
from reconciler.manifests.resolving.fleet import sources_of
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.fleet import Fleet
from reconciler.model.looks import Look, Mark, Moved
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.model.settings import Settings
from reconciler.parcels.listing import look_at_source, read_content
from reconciler.parcels.problems import unsettled
from reconciler.sources.changes import Watched
from reconciler.sources.directory import look_at_file
from reconciler.sources.manifest_read import ManifestRead
from reconciler.state.protocol import Author, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The settings as they are now; without `settings` and `manifests` they are broken, as `diagnostics` say."""

    settings: Settings | None
    manifests: Manifests | None
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(slots=True, kw_only=True)
class OnFiles:
    """The manifests and sources of one place (`Reconciling`). What was read for the last look is kept for the pass.

    `settings_file` is absolute and looked at whether or not it is there; `refresh` reads it again, and `configure` is
    told before each pass what it goes by. Without `write` passes only plan; with it `confirm` is asked before. `fleet`
    and `commit` are those of the last pass, None before the first.
    """

    settings_file: str
    refresh: Callable[[], Place]
    open_state: Callable[[Settings], State]
    author: Callable[[], Author]
    narrowing: Narrowing = field(default_factory=Narrowing)
    write: bool = True
    confirm: Callable[[State], None] = anybody
    configure: Callable[[Settings], None] = nobody
    fleet: Fleet | None = None
    commit: str | None = None
    _place: Place | None = None
    _settings_mark: Mark = ()
    _read: ManifestRead | None = None
    _declared: Declared | None = None
    _requested: tuple[Declared, tuple[SourceRequest, ...]] | None = None
    _contents: dict[SourceRequest, tuple[Mark, Content | SourceProblem]] = field(default_factory=dict)

    def look(self, known: Look | None, touched: frozenset[str]) -> Look:
        """See `Reconciling.look`."""
        mark = look_at_file(self.settings_file)
        if self._place is None or mark != self._settings_mark:
            self._place, self._settings_mark, known = self.refresh(), mark, None
            self._read = self._declared = None
        manifests = self._place.manifests
        if manifests is None or self._place.settings is None:
            return Look(manifests={self.settings_file: mark})
        roots = self._place.settings.manifest_paths
        if known is None or self._read is None or not touched.isdisjoint(roots):
            read = manifests.source()
            if self._read is None or self._declared is None or read.look != self._read.look:
                self._declared = manifests.declare(read)
            self._read = read
        return Look(
            manifests={self.settings_file: mark} | dict(self._read.look.manifests),
            sources=self._look_at_sources(known, touched),
        )

    def reload(self) -> None:
        """Read the settings again at the next look."""
        self._place = None

    def watched(self) -> Watched:
        """See `Reconciling.watched`."""
        settings = None if self._place is None else self._place.settings
        return Watched(
            manifests=() if settings is None else settings.manifest_paths,
            sources=tuple(sorted({request.path for request in self._requests()})),
            files=(self.settings_file,),
        )

    def run(self, look: Look) -> PassReport:
        """See `Reconciling.run`."""
        place, read, declared = self._place, self._read, self._declared
        if place is None or place.settings is None or place.manifests is None or read is None or declared is None:
            return PassReport(outcome=Outcome.INVALID, diagnostics=() if place is None else place.diagnostics)
        self.configure(place.settings)
        fleet_read = place.manifests.resolve(read, declared, lambda request: self._content(request, look, place))
        self.fleet = fleet_read.fleet
        report = make_pass(
            fleet_read,
            place.settings,
            open_state=self.open_state,
            author=self.author(),
            narrowing=self.narrowing,
            write=self.write,
            confirm=self.confirm,
        )
        self.commit = report.commit
        return report

    def _requests(self) -> tuple[SourceRequest, ...]:
        if self._declared is None:
            return ()
        if self._requested is None or self._requested[0] is not self._declared:
            self._requested = self._declared, sources_of(self._declared)
        return self._requested[1]

    def _look_at_sources(self, known: Look | None, touched: frozenset[str]) -> dict[str, Mark]:
        """One mark for each source directory; packages that leave out different files of it have a part each."""
        marks: dict[str, Mark] = {}
        for request in self._requests():
            if known is not None and request.path in known.sources and request.path not in touched:
                marks[request.path] = known.sources[request.path]
            else:
                part = (request.exclude, request.pin, look_at_source(request))
                marks[request.path] = (*marks.get(request.path, ()), part)
        return marks

    def _content(self, request: SourceRequest, look: Look, place: Place) -> Content | SourceProblem:
        """What the source held when it was looked at; raises Moved if it does no longer."""
        if request.path in look.unsettled:
            return unsettled(request)
        parts = {part[:2]: part[2] for part in look.sources.get(request.path, ()) if isinstance(part, tuple)}
        mark = parts.get((request.exclude, request.pin))
        if mark is None or place.manifests is None:
            raise Moved((request.path,))
        known = self._contents.get(request)
        if known is None or known[0] != mark:
            known = self._contents[request] = (mark, read_content(request, place.manifests.cache, seen=mark))
        return known[1]
