"""What a plan must say, worked out pair by pair from manifests and rows: brute force, no code of the planner's."""

from dataclasses import dataclass, field

from reconciler.model.holdings import Absent, Damaged, RecordOnly, Staged, Unknown
from reconciler.model.plan import Plan

from .builders import NEEDS, Key, Row, WantedJob, World

BLOCKS = (
    "unknown",
    "suspended",
    "cancelled",
    "failed",
    "no-address",
    "path-not-representable",
    "not-packed",
    "no-space",
)
"""The order of domain.md 3."""


@dataclass
class Answer:
    verdicts: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    """Verdict and reasons of every required pair, ready ones included."""
    sends: dict[Key, tuple[str, str, int]] = field(default_factory=dict)
    """Mode, priority, number."""
    cancelled: dict[Key, str] = field(default_factory=dict)
    updated: dict[Key, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)


def told(plan: Plan) -> Answer:
    """What a plan says, in the oracle's words; it was made with `include_ready`."""
    answer = Answer(removed={removal.site for removal in plan.removals})
    for pair in plan.pairs:
        reasons = (*((pair.reason,) if pair.reason else ()), *pair.also)
        answer.verdicts[pair.package, pair.site] = (pair.verdict.value, *(reason.value for reason in reasons))
    for send in plan.send_only_jobs:
        for planned in send.sites:
            answer.sends[send.package, planned.site] = send.mode.value, send.priority.word, planned.number
    for change in plan.cancellations:
        answer.cancelled |= {(change.package, row.site): change.reason.value for row in change.sites}
    for change in plan.updates:
        answer.updated |= {(change.package, row.site): change.priority.word for row in change.sites}
    return answer


def ask(world: World) -> Answer:
    answer = Answer()
    needed = needs(world)
    for pair, jobs in needed.items():
        judge(world, pair, jobs, answer)
    for pair, row in world.rows.items():
        if row.open is not None:
            cancel(world, pair, row, needed, answer)
        gone = pair[1] not in world.sites and row.holding != Absent()
        if gone and world.whole:
            answer.removed.add(pair[1])
    return answer


def needs(world: World) -> dict[Key, list[WantedJob]]:
    found: dict[Key, list[WantedJob]] = {}
    for job in world.jobs.values():
        origin = world.packages[job.package].origin
        reached = set().union(*(world.resolve(text) for text in job.targets))
        reached -= set().union(*(world.resolve(text) for text in job.except_))
        for name in (reached | {job.site or origin}) - {origin}:
            found.setdefault((job.package, name), []).append(job)
    return found


def judge(world: World, pair: Key, jobs: list[WantedJob], answer: Answer) -> None:
    package, row = world.packages[pair[0]], world.rows.get(pair, Row())
    content, setup = package.content.digest, package.setup
    priority = max(job.priority or package.priority for job in jobs)
    staged = isinstance(row.holding, Staged) and row.holding.held.content == content
    if staged and row.holding.held.setup == setup:
        answer.verdicts[pair] = ("ready",)
        return
    open_now = row.open is not None and same(row.open.revision, content, setup)
    blocks = always_blocked(world, pair, row, jobs, open_now=open_now)
    if not open_now:
        blocks |= blocked_for_a_new_send(world, pair, row, setup_only=staged)
    elif priority > row.open.priority:
        answer.updated[pair] = priority.word
    if open_now and not blocks:
        answer.verdicts[pair] = ("in-flight",)
        return
    gaps = gaps_of(row.holding, content, setup, {part for job in jobs for part in NEEDS[job.kind]})
    told = [reason for reason in BLOCKS if reason in blocks]
    answer.verdicts[pair] = ("blocked" if blocks else "missing", *told, *gaps)
    if not blocks:
        answer.sends[pair] = "setup-only" if staged else "content", priority.word, row.mark + 1


def same(revision: object, content: str, setup: str) -> bool:
    return (revision.content, revision.setup) == (content, setup)


def always_blocked(world: World, pair: Key, row: Row, jobs: list[WantedJob], *, open_now: bool) -> set[str]:
    backing_off = row.open is not None and row.open.state.value == "backing-off" and row.open.cause is not None
    cause = row.open.cause.value if backing_off else ""
    held = [one for one in world.holds if one.until is None or one.until > world.now]
    held = [one for one in held if one.site in (None, pair[1]) and one.package in (None, pair[0])]
    return {
        *(["unknown"] if isinstance(row.holding, Unknown) or cause == "store-mismatch" else []),
        *(["suspended"] if held or all(job.suspended for job in jobs) else []),
        *(["no-address"] if world.sites[pair[1]].address is None else []),
        *(["no-space"] if open_now and cause == "space" else []),
    }


def blocked_for_a_new_send(world: World, pair: Key, row: Row, *, setup_only: bool) -> set[str]:
    package, site = world.packages[pair[0]], world.sites[pair[1]]
    blocks = set()
    if row.closed is not None and same(row.closed.revision, package.content.digest, package.setup):
        address = f"{site.address.type}:{site.address.path}" if site.address else ""
        if row.closed.state.value == "cancelled":
            blocks.add("cancelled")
        elif row.closed.endpoint == address:
            blocks.add("failed")
    limit = site.filesystem.max_path
    too_long = limit is not None and any(len(path) > limit for path in package.content.longest)
    if too_long or (package.content.unportable and not site.filesystem.case_sensitive):
        blocks.add("path-not-representable")
    if not package.content.readable and not package.content.packed and not setup_only:
        blocks.add("not-packed")
    return blocks


def gaps_of(holding: object, content: str, setup: str, parts: set) -> list[str]:
    match holding:
        case Unknown():
            return []
        case Absent():
            return ["content-missing", *(["setup-missing"] if parts else [])]
        case RecordOnly():
            gaps = ["record-only"]
        case Damaged() if holding.held.content == content:
            gaps = ["content-damaged"]
        case Staged() if holding.held.content == content:
            gaps = []
        case _:
            gaps = ["content-stale"]
    if holding.held.setup is None or parts - holding.held.parts:
        return [*gaps, "setup-missing"]
    return gaps if holding.held.setup == setup else [*gaps, "setup-stale"]


def cancel(world: World, pair: Key, row: Row, needed: dict, answer: Answer) -> None:
    busy = row.open.state.value in ("sending", "verifying")
    if pair[1] not in world.sites:
        why = "obsolete"
    elif pair not in needed:
        why = "" if busy else "obsolete"
    elif row.open.revision == world.packages[pair[0]].revision:
        why = ""
    elif pair in answer.sends:
        why = "superseded"
    else:
        why = "" if {"unknown", "suspended"} & set(answer.verdicts[pair]) else "obsolete"
    if why == "superseded" or (why and world.whole):
        answer.cancelled[pair] = why
