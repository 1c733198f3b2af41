"""Scheduling cases in YAML: what is open, whose turn it is, and why (tests/cases/scheduling/README.md)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from reconciler.model.claims import Claim, WorkerId
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant, format_instant, parse_instant
from reconciler.model.names import Digest, PackageName
from reconciler.model.quantities import format_rate
from reconciler.model.schedule import Schedule
from reconciler.model.snapshot import Hold, Send, SendState
from reconciler.planning.preemption import to_preempt
from reconciler.planning.scheduling import make_schedule

from .builders import NOW, digest, key
from .cases import world_of

FOLDER = Path(__file__).parents[1] / "cases" / "scheduling"
ME = WorkerId("0" * 32)


@dataclass(frozen=True)
class Case:
    name: str
    because: str
    given: Mapping
    expect: Mapping
    file: str


@dataclass(frozen=True)
class Given:
    """What a schedule is made of."""

    fleet: Fleet
    sends: tuple[Send, ...]
    holds: tuple[Hold, ...]
    claims: tuple[Claim, ...]
    packed: frozenset[tuple[PackageName, Digest]]
    at: Instant
    slots: int = 0

    def schedule(self) -> Schedule:
        return make_schedule(
            self.fleet, self.sends, holds=self.holds, claims=self.claims, packed=self.packed, at=self.at
        )


def cases() -> Iterator[Case]:
    for file in sorted(FOLDER.glob("*.yaml")):
        for body in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            extra = body.keys() - {"case", "because", "given", "expect"}
            assert not extra, f"{file.name}: {body.get('case')}: {extra}"
            yield Case(body["case"], body["because"], body["given"], body["expect"], file.name)


def given_of(body: Mapping) -> Given:
    """The planner's words for fleets, and those that only a schedule looks at."""
    sites, own = {}, {}
    for name, fields in body["sites"].items():
        if fields != "gone":
            sites[name] = dict(fields)
            own[name] = sites[name].pop("maxConcurrent", None)
    sends, fields_of = {}, {}
    for pair, fields in body["open"].items():
        sends[pair] = {"revision": "D1 S1"} | fields
        fields_of[pair] = _own_fields(sends[pair])
    words = {word: body[word] for word in body if word not in ("claims", "packed", "slots")}
    world = world_of(words | {"sites": sites, "packages": _packages(body), "open": sends})
    for name, most in own.items():
        limits = replace(world.sites[name].limits, max_concurrent=most)
        world.sites[name] = replace(world.sites[name], limits=limits)
    for pair, fields in fields_of.items():
        row = world.row(pair)
        row.open = replace(row.open, **fields)
    found = world.snapshot().open_sends
    return Given(
        fleet=world.fleet(),
        sends=found,
        holds=tuple(world.holds),
        claims=tuple(_claim(found, pair, since) for pair, since in body.get("claims", {}).items()),
        packed=frozenset((PackageName(name), digest(word)) for name, word in map(str.split, body.get("packed", ()))),
        at=world.now,
        slots=body.get("slots", 0),
    )


def _own_fields(send: dict) -> dict[str, object]:
    """`attempts` and `recorded`, which the planner does not look at."""
    fields: dict[str, object] = {"attempts": send.pop("attempts", 0)}
    if "recorded" in send:
        fields["recorded_at"] = parse_instant(send.pop("recorded"))
    return fields


def _packages(body: Mapping) -> dict[str, dict]:
    """Those that the case describes, and those that it names in its sends alone."""
    named = {str(key(pair)[0]): {} for pair in body["open"]} | body.get("packages", {})
    return {name: fields for name, fields in named.items() if fields != "gone"}


def _claim(sends: tuple[Send, ...], pair: str, since: str) -> Claim:
    send = next(send for send in sends if (send.package, send.site) == key(pair))
    started = NOW if since == "now" else parse_instant(since)
    return Claim(send=replace(send, state=SendState.SENDING, changed_at=started), worker=ME)


def next_change(schedule: Schedule) -> Instant | None:
    """The earliest instant at which something that waits may become ready by the clock alone; None if nothing may."""
    return min((wait.until for wait in schedule.waiting if wait.until is not None), default=None)


def told(given: Given, schedule: Schedule, wanted: Mapping) -> dict[str, object]:
    """A schedule in the words of a case: whose turn it is and what waits always, the rest if it is asked for."""
    found: dict[str, object] = {
        "ready": [_name(turn.send) for turn in schedule.ready],
        "waiting": {_name(wait.send): _wait(wait.reason.value, wait.until) for wait in schedule.waiting},
    }
    if "closes" in wanted:
        found["closes"] = {_name(turn.send): _instant(turn.closes_at) for turn in schedule.ready}
    if "rates" in wanted:
        found["rates"] = {
            _name(turn.send): None if turn.rate is None else format_rate(turn.rate) for turn in schedule.ready
        }
    if "next" in wanted:
        found["next"] = _instant(next_change(schedule))
    if "givesWay" in wanted:
        victims = to_preempt(schedule, given.claims, given.slots)
        found["givesWay"] = [_name(claim.send) for claim in victims]
    if "details" in wanted:
        details = {_name(wait.send): wait.detail for wait in schedule.waiting}
        found["details"] = {
            pair: text if text in details[pair] else details[pair] for pair, text in wanted["details"].items()
        }
    return found


def _name(send: Send) -> str:
    return f"{send.package}@{send.site}"


def _wait(reason: str, until: Instant | None) -> object:
    return reason if until is None else [reason, format_instant(until)]


def _instant(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
