"""What a loop tells of its passes: everything once, and again only when it changes or is mended."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.engine.passes import Outcome, PassReport
from reconciler.model.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One pass. `fresh` are the diagnostics that the passes before did not have, `mended` those that are gone.

    `news` is False when the pass says nothing that the one before did not say.
    """

    report: PassReport
    fresh: tuple[Diagnostic, ...] = ()
    mended: tuple[Diagnostic, ...] = ()
    news: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StillChanging:
    """The heartbeat of a loop that waits for files to come to rest; `paths` moved last."""

    paths: tuple[str, ...]
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something an operator should know of the watching itself."""

    text: str


Told = Passed | StillChanging | Notice

_Key = tuple[str, str, str, str]


@dataclass(slots=True)
class News:
    """Remembers what was told."""

    told: dict[_Key, Diagnostic] = field(default_factory=dict)
    last: tuple[object, ...] = ()

    def of(self, report: PassReport) -> Passed:
        """A pass that read nothing through (`MOVED`, `FAILED`) mends nothing."""
        fresh: tuple[Diagnostic, ...] = ()
        mended: tuple[Diagnostic, ...] = ()
        if report.outcome not in (Outcome.MOVED, Outcome.FAILED):
            now = _by_key(report.diagnostics)
            fresh = tuple(found for key, found in now.items() if key not in self.told)
            mended = tuple(found for key, found in self.told.items() if key not in now)
            self.told = now
        last = (report.outcome, report.error, None if report.plan is None else report.plan.id)
        changed = report.plan is not None and report.plan.has_changes and report.outcome is not Outcome.REFUSED
        news = last != self.last or changed or bool(fresh or mended) or report.outcome is Outcome.FAILED
        if report.outcome is Outcome.MOVED:
            news = False
        else:
            self.last = last
        return Passed(report=report, fresh=fresh, mended=mended, news=news)


def _by_key(diagnostics: Iterable[Diagnostic]) -> dict[_Key, Diagnostic]:
    """A line added above moves a diagnostic; it is the same one still."""
    return {(found.where.file, found.code, found.path, found.message): found for found in diagnostics}
