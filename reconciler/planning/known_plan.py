"""What one plan worked out, kept for the next: most pairs that wait are as they were a pass ago (P9).

Nothing here decides: equal questions have equal answers (L7), and are only asked once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from reconciler.model.names import PackageName
from reconciler.model.plan import PlannedPair
from reconciler.planning.estimates import Estimate
from reconciler.planning.pairs import Differing
from reconciler.planning.verdicts import Judged

MOST = 5_000
"""Pairs that are kept; a first roll-out has millions, and is over some day (P5)."""


@dataclass(frozen=True, slots=True)
class KnownRow:
    """A pair of a plan, and all that it was made from."""

    judged: Judged
    send_only_job: str | None
    estimate: Estimate
    row: PlannedPair


@dataclass(slots=True)
class KnownPlan:
    """Belongs to one thread; `make_plan` fills it, and says the same without."""

    verdicts: dict[PackageName, tuple[Differing, tuple[Judged, ...]]] = field(default_factory=dict)
    rows: dict[int, KnownRow] = field(default_factory=dict)

    def judged(
        self, packages: Iterable[Differing], judge: Callable[[Differing], tuple[Judged, ...]]
    ) -> tuple[Judged, ...]:
        """What `judge` says of all of these, in their order."""
        before, self.verdicts = self.verdicts, {}
        found: list[Judged] = []
        for asked in packages:
            name = asked.requirement.package.name
            known = before.get(name)
            if known is None or known[0] != asked:
                known = asked, judge(asked)
            self.verdicts[name] = known
            found += known[1]
        if len(found) > MOST:
            self.verdicts = {}
        return tuple(found)

    def row(
        self,
        judged: Judged,
        send_only_job: str | None,
        estimate: Estimate,
        make: Callable[[Judged, str | None, Estimate], PlannedPair],
    ) -> PlannedPair:
        """What `make` makes of these three. A row keeps its pair, so that no other one has its id."""
        known = self.rows.get(id(judged))
        if known is None or known.send_only_job != send_only_job or known.estimate != estimate:
            known = KnownRow(judged, send_only_job, estimate, make(judged, send_only_job, estimate))
            if len(self.rows) < MOST:
                self.rows[id(judged)] = known
        return known.row

    def turn(self) -> None:
        """A plan is made: rows of pairs that were not judged for it are forgotten."""
        judged = {id(one) for _, found in self.verdicts.values() for one in found}
        self.rows = {key: row for key, row in self.rows.items() if key in judged}
