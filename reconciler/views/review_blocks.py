"""A review as groups of rows: one group for each job, its rows under headings that say what the change does to them.

A pair that several jobs need stands under the first of them, so that every printed total is the sum of its rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.instants import Instant
from reconciler.model.names import JobName
from reconciler.model.plan import JobVerdict, PlannedJob
from reconciler.model.review import (
    ActionChange,
    ActionKind,
    ActionLine,
    Change,
    JobChange,
    PairChange,
    PairLine,
    Review,
    Unlined,
)
from reconciler.views.blocks import Block
from reconciler.views.counts import count
from reconciler.views.row_text import columns_of
from reconciler.views.rows import Row, action_of, cancelled_row, forgotten_row, pair_row, updated_row
from reconciler.views.untrusted import render_untrusted

_HEADINGS = list(Change)

_ACTIONS = {
    ActionKind.CANCEL: ("open sends", "that are cancelled"),
    ActionKind.UPDATE: ("priority", "of open sends"),
    ActionKind.REMOVE: ("removals", "of sites that left the manifests"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What changes for one job, or beside all jobs; `verdict` as in a block, `parts` one block for each heading."""

    name: str
    purpose: str
    status: str
    verdict: JobVerdict | None
    parts: tuple[Block, ...]


def groups(review: Review) -> tuple[Group, ...]:
    """Jobs by name, those that only lines are about among them; then what no job is about."""
    now = review.after.created_at
    jobs = {job.name: job for job in (*review.before.jobs, *review.after.jobs)}
    changed = {change.name: change for change in review.jobs}
    rows = _rows_by_job(review.pairs, now)
    of_jobs = tuple(
        _of_job(changed.get(name) or JobChange(name=name, before=jobs[name], after=jobs[name]), rows.get(name, []))
        for name in sorted(jobs)
        if name in changed or name in rows
    )
    return of_jobs + tuple(_of_actions(review.actions))


_Headed = tuple[int, str, Row]
"""A row beneath its heading, and the heading's place."""


def _rows_by_job(pairs: Iterable[PairChange], now: Instant) -> Mapping[JobName, list[_Headed]]:
    rows: dict[JobName, list[_Headed]] = {}
    for change in pairs:
        row = pair_row(change.shown, note=_note(change, now))
        place = _HEADINGS.index(change.change)
        rows.setdefault(min(change.shown.for_jobs), []).append((place, _heading(change), row))
    return rows


def _heading(change: PairChange) -> str:
    match change.before, change.after:
        case PairLine() as before, PairLine():
            action = action_of(before.pair)[1]
            return "changed" if action == action_of(change.shown)[1] else f"changed, was {action}"
        case Unlined.READY, _:
            return "added, was ready"
        case _, Unlined.READY:
            return "removed, is ready"
        case Unlined(), _:
            return "added"
        case _:
            return "removed"


def _note(change: PairChange, now: Instant) -> str:
    """What a line said that it no longer says; its action stands in the heading."""
    if not isinstance(change.before, PairLine) or not isinstance(change.after, PairLine):
        return ""
    before, after = (columns_of(pair_row(line.pair, note=""), now) for line in (change.before, change.after))
    told = [before.size] if before.size != after.size else []
    told += [before.words] if before.words != after.words else []
    if change.before.priority is not change.after.priority and change.before.priority is not None:
        told.append(f"{change.before.priority.word} priority")
    told += [before.when] if before.when != after.when else []
    was = ", ".join(part for part in told if part)
    return ", ".join(
        part for part in (_other_revision(change.before, change.after), f"was {was}" if was else "") if part
    )


def _other_revision(before: PairLine, after: PairLine) -> str:
    if before.revision is None or after.revision is None or before.revision == after.revision:
        return ""
    return "other setup" if before.revision.content == after.revision.content else "other content"


def _of_job(change: JobChange, rows: Sequence[_Headed]) -> Group:
    job = change.after or change.before
    if job is None:
        raise ValueError(f"no plan has a job {change.name}")
    version = f" {job.package_version}" if job.package_version else ""
    return Group(
        name=render_untrusted(change.name),
        purpose=render_untrusted(f"for {job.purpose} of {job.package}{version}"),
        status=_status(change),
        verdict=change.after.verdict if change.after is not None else None,
        parts=_parts(rows),
    )


def _status(change: JobChange) -> str:
    """`ready (8 of 8 sites) → waiting (4 of 8 sites ready)`."""
    before, after = _stands(change.before), _stands(change.after)
    if change.before is None:
        return f"new: {after}"
    if change.after is None:
        return f"removed, was {before}"
    return before if before == after else f"{before} → {after}"


def _stands(job: PlannedJob | None) -> str:
    if job is None:
        return ""
    sites = count(len(job.required_sites), "site")
    return f"{job.verdict.value} ({job.ready:,} of {sites}{'' if job.verdict is JobVerdict.READY else ' ready'})"


def _of_actions(changes: Sequence[ActionChange]) -> Iterable[Group]:
    for kind, (name, purpose) in _ACTIONS.items():
        rows = [
            (_HEADINGS.index(change.change), change.change.value, _action_row(line))
            for change in changes
            for line in (change.after or change.before,)
            if line is not None and line.kind is kind
        ]
        if rows:
            status = count(len({row.site for _, _, row in rows}), "site")
            yield Group(name=name, purpose=purpose, status=status, verdict=None, parts=_parts(rows))


def _action_row(line: ActionLine) -> Row:
    match line.kind:
        case ActionKind.CANCEL:
            return cancelled_row(line.send_only_job, line.site, reason=line.becomes)
        case ActionKind.UPDATE:
            return updated_row(line.send_only_job, line.site, line.becomes)
        case ActionKind.REMOVE:
            return forgotten_row(line.site, line.packages)


def _parts(rows: Iterable[_Headed]) -> tuple[Block, ...]:
    headed: dict[tuple[int, str], list[Row]] = {}
    for place, heading, row in rows:
        headed.setdefault((place, heading), []).append(row)
    return tuple(
        _part(heading, sorted(members, key=lambda row: row.order)) for (_, heading), members in sorted(headed.items())
    )


def _part(heading: str, rows: Sequence[Row]) -> Block:
    return Block(name=heading, purpose="", status="", verdict=None, rows=tuple(rows))


def together(more: Sequence[Group]) -> Group:
    """Many groups as one whose rows are folded."""
    members: dict[str, list[Row]] = {}
    for part in (part for group in more for part in group.parts):
        members.setdefault(part.name, []).extend(part.rows)
    blocks = (_part(heading, sorted(rows, key=lambda row: row.order)) for heading, rows in sorted(members.items()))
    return Group(
        name="...",
        purpose=f"and {count(len(more), 'job')} more, see --show all",
        status=count(sum(len(rows) for rows in members.values()), "line"),
        verdict=None,
        parts=tuple(replace(block, crowded=True) for block in blocks),
    )
