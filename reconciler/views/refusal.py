"""A plan that guards refuse: each guard with value, limit and where it is set, then the ways on (L16, R8)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from reconciler.model.acknowledgements import GuardName
from reconciler.model.plan import GuardResult, Plan
from reconciler.views.cells import cells, left
from reconciler.views.counts import count
from reconciler.views.paint import Ink, paint
from reconciler.views.untrusted import render_untrusted

GUARDS = {
    GuardName.CHANGED_PACKAGES: "packages that get a new revision",
    GuardName.CANCELLATIONS: "open sends cancelled",
    GuardName.HEALS: "pairs healed",
    GuardName.BYTES: "bytes to move",
    GuardName.SITE_REMOVALS: "sites removed that hold something",
    GuardName.EMPTY_MANIFESTS: "manifests without any object",
}


DEFAULT = "default"

Limits = Mapping[GuardName, str]
"""Where the limit of each guard is set: `reconciler.yaml:7`, or DEFAULT."""

NOWHERE: Limits = MappingProxyType({})
"""Of a saved plan, which does not say."""


def refusal_lines(plan: Plan, *, color: bool, limits: Limits) -> list[str]:
    """The tripped guards, refused or acknowledged, and what to do; nothing when none is tripped."""
    tripped = [guard for guard in plan.guards if guard.tripped]
    refusing = [guard for guard in tripped if not guard.acknowledged]
    if not tripped:
        return []
    if not refusing:
        return ["Guards: all that are tripped are acknowledged.", *_table(tripped, color=color, limits=limits)]
    verb = "is" if len(refusing) == 1 else "are"
    title = f"Refused: {count(len(refusing), 'guard')} {verb} tripped, nothing of this plan is recorded."
    table = _table(tripped, color=color, limits=limits)
    return [paint(title, Ink.BOLD_RED, color=color), *table, *_ways_on(plan, refusing)]


def _table(guards: Sequence[GuardResult], *, color: bool, limits: Limits) -> list[str]:
    rows = [
        (
            guard.name.value,
            GUARDS[guard.name],
            render_untrusted(guard.value),
            f"limit {render_untrusted(guard.limit)}",
            _set_where(guard.name, limits),
        )
        for guard in guards
    ]
    widths = [max(cells(row[column]) for row in rows) for column in range(4)]
    lines = []
    for guard, row in zip(guards, rows, strict=True):
        symbol = "=" if guard.acknowledged else "!"
        padded = "   ".join(left(text, width) for text, width in zip(row[:4], widths, strict=True))
        passed = "   acknowledged" if guard.acknowledged else ""
        painted = paint(symbol, Ink.DIM if guard.acknowledged else Ink.RED, color=color)
        lines.append(f"  {painted} {padded}   {row[4]}{passed}")
    return lines


def _set_where(name: GuardName, limits: Limits) -> str:
    """A line of the settings, or how to write what holds by default; a saved plan does not know which."""
    field = f"spec.guards.{name.value}"
    origin = limits.get(name)
    if origin is None:
        return f"reconciler.yaml {field}"
    if origin == DEFAULT:
        return f"default; set it in reconciler.yaml {field}"
    return f"{render_untrusted(origin)} {field}"


def _ways_on(plan: Plan, refusing: Sequence[GuardResult]) -> list[str]:
    if all(guard.name is GuardName.EMPTY_MANIFESTS for guard in refusing):
        lines = ["Mend it:  bring the manifests back, or name where they are with --manifests PATH"]
        if plan.state.oldest_verification is None and not plan.has_changes:
            lines.append("Or begin a fleet:  reconcile init DIR")
    else:
        lines = ["Narrow it:  --site, --package or --job NAME|GLOB"]
    lines += [
        f"Or let it pass:  reconcile acknowledge {render_untrusted(plan.id)} {guard.name.value} --reason TEXT"
        for guard in refusing
    ]
    return lines
