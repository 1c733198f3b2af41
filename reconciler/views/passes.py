"""One pass of `reconcile watch`: a line for people, an object for programs."""

import json
from collections.abc import Sequence

from reconciler.model.diagnostics import Diagnostic
from reconciler.model.instants import Instant, format_instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import FORMAT_VERSION, Plan
from reconciler.views.conclusion import all_ready, is_all_ready, sums
from reconciler.views.counts import count
from reconciler.views.paint import Ink, paint
from reconciler.views.plan_json import diagnostic_json
from reconciler.views.untrusted import render_untrusted

_INKS = {"done": Ink.GREEN, "refused": Ink.RED, "invalid": Ink.YELLOW, "moved": Ink.YELLOW, "failed": Ink.RED}
_MOST_NAMES = 3


def pass_text(
    *,
    at: Instant,
    outcome: str,
    plan: Plan | None = None,
    commit: str | None = None,
    recorded: Sequence[str] = (),
    left_out: Sequence[tuple[PackageName, SiteName]] = (),
    diagnostics: Sequence[Diagnostic] = (),
    moved: Sequence[str] = (),
    error: str = "",
    revision: str | None = None,
    zone: str = "UTC",
    color: bool = False,
) -> str:
    """One line: when, how it ended, what the plan is, what was recorded of it.

    `recorded` are names of send-only jobs, `left_out` the pairs that moved before they could be recorded, `moved` the
    paths that moved while they were read. `revision` is the commit to plan again to let a refused plan pass.
    """
    errors = sum(diagnostic.is_error for diagnostic in diagnostics)
    warnings = len(diagnostics) - errors
    parts = [
        commit[:7] if commit else "",
        error,
        _plan(plan, revision) if plan is not None else "",
        f"recorded {_names(recorded)}" if recorded else "",
        f"left out, as they changed meanwhile: {_names([_pair(pair) for pair in left_out])}" if left_out else "",
        f"still being written: {_names(moved)}" if moved else "",
        ", ".join(_counted(errors, "error") + _counted(warnings, "warning")),
    ]
    told = "  ".join(render_untrusted(part) for part in parts if part)
    word = paint(f"{render_untrusted(outcome):<7}", _INKS.get(outcome, Ink.BOLD), color=color)
    return f"{format_instant(at, zone)}  {word}  {told}".rstrip() + "\n"


def pass_json(
    *,
    at: Instant,
    outcome: str,
    plan: Plan | None = None,
    commit: str | None = None,
    recorded: Sequence[str] = (),
    left_out: Sequence[tuple[PackageName, SiteName]] = (),
    diagnostics: Sequence[Diagnostic] = (),
    moved: Sequence[str] = (),
    error: str = "",
) -> dict[str, object]:
    """The same for `-o ndjson`, see `ndjson`."""
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Pass",
        "at": format_instant(at),
        "outcome": outcome,
        "plan": plan.id if plan is not None else None,
        "commit": commit or (plan.source.commit if plan is not None else None),
        "fleetDigest": plan.source.fleet_digest if plan is not None else None,
        "hasChanges": plan is not None and plan.has_changes,
        "refused": plan is not None and plan.refused,
        "guards": _refusing(plan) if plan is not None else [],
        "recorded": sorted(recorded),
        "leftOut": [{"package": package, "site": site} for package, site in sorted(left_out)],
        "moved": sorted(moved),
        "error": error,
        "diagnostics": [diagnostic_json(each) for each in sorted(diagnostics, key=lambda each: each.order)],
    }


def ndjson(document: dict[str, object]) -> str:
    """One object on one line, ASCII alone: nothing in it can end the line or move a terminal's cursor."""
    return json.dumps(document, separators=(",", ":")) + "\n"


def _plan(plan: Plan, revision: str | None) -> str:
    told = all_ready(plan) if is_all_ready(plan) else sums(plan)
    if not plan.refused:
        return told
    guards = _refusing(plan)
    at = "" if revision is None else f" --rev {revision[:12]}"
    way_on = f"let it pass: reconcile acknowledge {plan.id} {guards[0]}{at} --reason TEXT"
    return f"{told}  tripped: {', '.join(guards)}; {way_on}"


def _refusing(plan: Plan) -> list[str]:
    """The guards that refuse the plan, by name."""
    return [guard.name.value for guard in plan.guards if guard.tripped and not guard.acknowledged]


def _pair(pair: tuple[PackageName, SiteName]) -> str:
    return f"{pair[0]}@{pair[1]}"


def _names(names: Sequence[str]) -> str:
    """The first few, and how many more."""
    shown = ", ".join(sorted(names)[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else shown


def _counted(number: int, noun: str) -> list[str]:
    return [count(number, noun)] if number else []
