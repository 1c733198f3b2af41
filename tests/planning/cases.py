"""Planner cases in YAML: what is given, what the plan must say, and why (tests/cases/planner/README.md)."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from reconciler.model.acknowledgements import Acknowledgement, GuardName
from reconciler.model.holdings import Absent, Holding, Unknown
from reconciler.model.instants import Instant, format_instant, parse_instant
from reconciler.model.names import Digest, JobName, PackageName
from reconciler.model.packages import Revision
from reconciler.model.plan import Plan
from reconciler.model.priority import Priority
from reconciler.model.quantities import Percent, parse_rate, parse_size
from reconciler.model.settings import Guards, ShareGuard
from reconciler.model.site_sets import SiteSet
from reconciler.model.sites import Weekday, Window
from reconciler.model.snapshot import Cause, Hold, Mode, SendState
from reconciler.planning.scope import ALL, Scope

from .builders import NOW, World, damaged, digest, lost, package, record_only, site, staged
from .builders import WantedJob as Job

FOLDER = Path(__file__).parents[1] / "cases" / "planner"


@dataclass(frozen=True)
class Case:
    name: str
    because: str
    given: Mapping[str, object]
    expect: Mapping[str, object]
    file: str


def cases() -> Iterator[Case]:
    """Every case of every file but `fleets.yaml`."""
    for file in sorted(FOLDER.glob("*.yaml")):
        if file.name == "fleets.yaml":
            continue
        for body in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            extra = body.keys() - {"case", "because", "given", "expect"}
            assert not extra, f"{file.name}: {body.get('case')}: {extra}"
            yield Case(body["case"], body["because"], body["given"], body["expect"], file.name)


# Given: a world


def world_of(given: Mapping) -> World:
    """The world a case describes; a word it does not know is an error."""
    known = {"fleet", "at", "sites", "packages", "jobs", "holdings", "open", "closed", "holds", "guards"}
    extra = given.keys() - known - {"acknowledged", "broken", "scope"}
    assert not extra, f"unknown in given: {extra}"
    base = _fleets()[given["fleet"]] if "fleet" in given else {}
    world = World(whole=not given.get("broken", False), now=_instant(given.get("at")))
    sections = {kind: _merged(base.get(kind), given.get(kind)) for kind in ("sites", "packages", "jobs")}
    world.add(*(_site(name, body) for name, body in sections["sites"].items()))
    world.add(*(_package(name, body) for name, body in sections["packages"].items()))
    world.add(*(_job(name, body) for name, body in sections["jobs"].items()))
    for pair, body in _expanded(given.get("holdings")).items():
        body = dict(body)
        number = body.pop("number", 1)
        world.hold(pair, _holding(body), mark=number)
    for pair, body in _expanded(given.get("open")).items():
        world.open(pair, body["revision"], **_send(body))
    for pair, body in _expanded(given.get("closed")).items():
        world.close(pair, body["revision"], **_send(body))
    world.holds = [_hold(body) for body in given.get("holds", ())]
    world.guards = _guards(given.get("guards", {}))
    world.acknowledgements = [_acknowledgement(body, world) for body in given.get("acknowledged", ())]
    return world


def _fleets() -> Mapping:
    return yaml.safe_load((FOLDER / "fleets.yaml").read_text(encoding="utf-8"))


def _merged(base: Mapping | None, own: Mapping | None) -> dict[str, dict]:
    """Objects of the named fleet with the case's own laid over them, field by field; `gone` takes one away."""
    found = _expanded(base)
    for name, body in _expanded(own).items():
        if body == "gone":
            del found[name]
        else:
            found[name] = found.get(name, {}) | (body or {})
    return found


def _expanded(section: Mapping | None) -> dict:
    """`S1..S3` stands for three keys, on both sides of an `@` too; `#` in their values for the number."""
    found = {}
    for name, body in (section or {}).items():
        sides = [list(_range(side)) for side in str(name).split("@")]
        for names in itertools.product(*sides):
            number = next((digits for _, digits in names if digits), "")
            found["@".join(word for word, _ in names)] = _numbered(body, number) if number else body
    return found


def _range(text: str) -> Iterator[tuple[str, str]]:
    match = re.fullmatch(r"(.*?)(\d+)\.\.(.*?)(\d+)", text)
    if match is None:
        yield text, ""
        return
    first, last = int(match[2]), int(match[4])
    for number in range(first, last + 1):
        digits = str(number).zfill(len(match[2]))
        yield match[1] + digits, digits


def _numbered(value: object, number: str) -> object:
    match value:
        case str():
            return value.replace("#", number)
        case dict():
            return {name: _numbered(below, number) for name, below in value.items()}
        case list():
            return [_numbered(below, number) for below in value]
        case _:
            return value


def _site(name: str, body: Mapping):
    body = dict(body)
    return site(
        name,
        body.pop("parent", None),
        address=body.pop("address", "own") != "none",
        timezone=body.pop("timezone", "UTC"),
        rate=parse_rate(rate) if (rate := body.pop("rate", None)) else None,
        windows=[_window(window) for window in body.pop("windows", ())],
        max_path=body.pop("maxPath", None),
        case_sensitive=body.pop("caseSensitive", True),
        secondary=body.pop("type", "primary") == "secondary",
        **body,
    )


def _window(body: Mapping) -> Window:
    days = body.get("days", [day.name.lower() for day in Weekday])
    return Window(
        name=body.get("name", "window"),
        days=frozenset(Weekday[day.upper()] for day in days),
        starts=_minutes(body["from"]),
        ends=_minutes(body["to"]),
        allow=Priority.of(body.get("allow", "low")),
        rate=parse_rate(body["rate"]) if "rate" in body else None,
    )


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return 60 * int(hours) + int(minutes)


def _package(name: str, body: Mapping):
    body = dict(body)
    words = f"{body.pop('content', 'D1')} {body.pop('setup', 'S1')}"
    return package(
        name,
        words,
        size=parse_size(body.pop("size", "120MB")),
        setup_size=parse_size(body.pop("setupSize", "1kB")),
        priority=Priority.of(body.pop("priority", "medium")),
        **body,
    )


def _job(name: str, body: Mapping) -> Job:
    body = dict(body)
    targets, excluded = body.pop("targets"), body.pop("except", ())
    priority, ready_by = body.pop("priority", None), body.pop("readyBy", None)
    return Job(
        name=name,
        package=body.pop("package"),
        targets=tuple([targets] if isinstance(targets, str) else targets),
        except_=tuple([excluded] if isinstance(excluded, str) else excluded),
        site=body.pop("site", None),
        kind=body.pop("type", "run"),
        priority=Priority.of(priority) if priority else None,
        ready_by=_instant(ready_by) if ready_by else None,
        suspended=body.pop("suspend", False),
        **body,
    )


def _holding(body: dict) -> Holding:
    kind, words = next((kind, body.pop(kind)) for kind in list(body) if kind not in {"parts", "version"})
    match kind:
        case "staged":
            return staged(words, **body)
        case "lost":
            return lost(words)
        case "record-only":
            return record_only(words, **body)
        case "damaged":
            return damaged(words, **body)
        case "unknown":
            return Unknown(reason=words)
        case "absent":
            return Absent()
    raise AssertionError(f"no such holding: {kind}")


def _send(body: Mapping) -> dict[str, object]:
    body = dict(body)
    del body["revision"]
    fields: dict[str, object] = {"state": SendState(body.pop("state", "queued"))}
    for word, name, kind in (
        ("cause", "cause", Cause),
        ("mode", "mode", Mode),
        ("priority", "priority", Priority.of),
        ("next", "next_attempt", _instant),
        ("done", "bytes_done", parse_size),
        ("detail", "detail", str),
        ("endpoint", "endpoint", str),
        ("job", "job", str),
        ("number", "number", int),
    ):
        if word in body:
            fields[name] = kind(body.pop(word))
    assert not body, f"unknown in a send: {body}"
    return fields


def _hold(body: Mapping) -> Hold:
    return Hold(
        site=body.get("site"),
        package=body.get("package"),
        actor=body.get("by", "anna"),
        reason=body.get("reason", "disk replacement"),
        since=_instant(body.get("since", "2026-11-20T08:00:00Z")),
        until=_instant(body["until"]) if "until" in body else None,
    )


def _guards(body: Mapping) -> Guards:
    shares = {"changedPackages": "changed_packages", "cancellations": "cancellations", "heals": "heals"}
    fields: dict[str, object] = {}
    for name, value in body.items():
        if name in shares:
            share = ShareGuard(share=Percent(float(str(value["share"]).rstrip("%"))), start=value["from"])
            fields[shares[name]] = share
        elif name == "bytes":
            fields["bytes"] = parse_size(value)
        elif name == "siteRemovals":
            fields["allow_site_removals"] = value == "allow"
        else:
            assert name == "emptyManifests"
            fields["allow_empty_manifests"] = value == "allow"
    return Guards(**fields)


def _acknowledgement(body: Mapping, world: World) -> Acknowledgement:
    """`actions: plan` stands for those of the plan as it is now; digests are written as words: `package P1 D2 S2`."""
    guard = GuardName(body["guard"])
    if body["actions"] == "plan":
        actions = next(result.actions for result in world.plan().guards if result.name is guard)
    else:
        actions = tuple(sorted(_action(words) for text in body["actions"] for words in _actions(text)))
    return Acknowledgement(
        plan=body.get("plan", "p-00000001"),
        guard=guard,
        actions=actions,
        actor="anna",
        reason="agreed",
        at=Instant(world.now - 60),
        expires=_instant(body["expires"]) if "expires" in body else Instant(world.now + 86000),
    )


def _actions(text: str) -> Iterator[list[str]]:
    """The words of each action; `P01..P05` in one makes five."""
    for words in itertools.product(*(list(_range(word)) for word in text.split())):
        yield [word for word, _ in words]


def _action(words: list[str]) -> str:
    """`package P D2 S2` → `package P@sha256:...+sha256:...`; the others are written as they are."""
    match words:
        case ["package", name, content, setup]:
            return f"package {name}@{digest(content)}+{digest(setup)}"
        case ["send", name, where, content, setup, mode]:
            return f"send {name} {where} {digest(content)}+{digest(setup)} {mode}"
        case _:
            return " ".join(words)


def _instant(text: object) -> Instant:
    return NOW if text is None else parse_instant(str(text))


def scope_of(given: Mapping, world: World) -> Scope:
    body = given.get("scope")
    if body is None:
        return ALL
    index = world.fleet().index
    return Scope(
        sites=SiteSet.of(index[name] for name in body["sites"]) if "sites" in body else None,
        packages=frozenset(map(PackageName, body["packages"])) if "packages" in body else None,
        jobs=frozenset(map(JobName, body["jobs"])) if "jobs" in body else None,
        filters=tuple(f"{kind}={name}" for kind, names in sorted(body.items()) for name in names),
    )


# Expect: what a plan says, in the words of the cases


class Words:
    """A plan in the words of the cases; digests are told by the words they were made of."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.plan = plan
        candidates = [f"{letter}{number}" for letter in "DS" for number in range(1, 10)]
        self.known: dict[Digest, str] = {digest(word): word for word in candidates}

    def told(self, wanted: Mapping) -> dict[str, object]:
        """What is compared: everything that is expected, and every action, expected or not."""
        always = {"sends", "cancel", "update", "remove"}
        return {name: getattr(self, name)(wanted.get(name)) for name in sorted(always | wanted.keys())}

    def revision(self, revision: Revision) -> str:
        return f"{self.known[revision.content]} {self.known[revision.setup]}"

    def pairs(self, _: object) -> dict[str, str]:
        return {
            f"{pair.package}@{pair.site}": " ".join(
                (
                    pair.verdict.value,
                    *(reason.value for reason in ((pair.reason,) if pair.reason else ())),
                    *(reason.value for reason in pair.also),
                )
            )
            for pair in self.plan.pairs
        }

    def sends(self, wanted: list | None) -> list[dict[str, object]]:
        """As much of each send as the case writes down; sites with numbers if it gives numbers."""
        found = []
        for position, send in enumerate(self.plan.send_only_jobs):
            asked = (wanted or [])[position] if position < len(wanted or []) else {}
            told: dict[str, object] = {
                "package": str(send.package),
                "revision": self.revision(send.revision),
                "sites": [str(planned.site) for planned in send.sites],
            }
            if isinstance(asked.get("sites"), Mapping):
                told["sites"] = {str(planned.site): planned.number for planned in send.sites}
            facts = {
                "mode": send.mode.value,
                "priority": send.priority.word,
                "bytes": send.bytes,
                "jobs": list(send.for_jobs),
                "reasons": [reason.value for reason in send.reasons],
                "name": send.name,
            }
            for name, usual in (("mode", "content"), ("priority", "medium")):
                if name in asked or facts[name] != usual:
                    told[name] = facts[name]
            told |= {name: facts[name] for name in ("bytes", "jobs", "reasons", "name") if name in asked}
            found.append(told)
        return found

    def cancel(self, _: object) -> list[str]:
        return [
            f"{change.reason.value} {change.package}: {' '.join(row.site for row in change.sites)}"
            for change in self.plan.cancellations
        ]

    def update(self, _: object) -> list[str]:
        return [
            f"{change.priority.word} {change.package}: {' '.join(row.site for row in change.sites)}"
            for change in self.plan.updates
        ]

    def remove(self, _: object) -> dict[str, list[str]]:
        return {str(removal.site): list(removal.packages) for removal in self.plan.removals}

    def jobs(self, wanted: Mapping) -> dict[str, object]:
        """The verdict, or for a mapping the facts it names."""
        found: dict[str, object] = {}
        for job in self.plan.jobs:
            facts = {
                "verdict": job.verdict.value,
                "ready": f"{job.ready} of {len(job.required_sites)}",
                "sites": list(job.required_sites),
                "blockers": list(job.blockers),
                "waitsFor": list(job.waits_for),
                "readyAt": None if job.ready_at is None else format_instant(job.ready_at),
            }
            asked = wanted.get(job.name)
            found[str(job.name)] = (
                {name: facts[name] for name in asked} if isinstance(asked, Mapping) else facts["verdict"]
            )
        return found

    def refused(self, _: object) -> list[str]:
        return [result.name.value for result in self.plan.guards if result.tripped and not result.acknowledged]

    def passed(self, _: object) -> list[str]:
        return [result.name.value for result in self.plan.guards if result.acknowledged]

    def guards(self, wanted: Mapping) -> dict[str, str]:
        return {result.name.value: result.value for result in self.plan.guards if result.name.value in wanted}

    def spent(self, _: object) -> list[str]:
        return [f"{plan} {guard.value}" for plan, guard in self.plan.spent]

    def changes(self, _: object) -> bool:
        return self.plan.has_changes

    def summary(self, wanted: Mapping) -> dict[str, int]:
        counted = self.plan.summary
        facts = {
            "required": counted.required,
            "ready": counted.ready,
            "inFlight": counted.in_flight,
            "missing": counted.missing,
            "blocked": counted.blocked,
            "sendOnlyJobs": counted.send_only_jobs,
            "cancellations": counted.cancellations,
            "bytes": counted.bytes,
        }
        return {name: facts[name] for name in wanted}

    def details(self, wanted: Mapping) -> dict[str, str]:
        found = {f"{pair.package}@{pair.site}": pair for pair in self.plan.pairs}
        return {name: text if text in found[name].detail else found[name].detail for name, text in wanted.items()}

    def estimates(self, wanted: Mapping) -> dict[str, list[object]]:
        """Earliest instant (`now` or in the site's zone) and seconds from then."""
        found = {f"{pair.package}@{pair.site}": pair for pair in self.plan.pairs}
        return {
            name: [
                "now" if (pair := found[name]).earliest is None else format_instant(pair.earliest, pair.timezone),
                pair.estimated_seconds,
            ]
            for name in wanted
        }

    def has_wants(self, wanted: Mapping) -> dict[str, list[str]]:
        found = {f"{pair.package}@{pair.site}": pair for pair in self.plan.pairs}
        return {name: [found[name].has, found[name].wants] for name in wanted}

    def warnings(self, wanted: list) -> list[str]:
        """Each warning, cut to the expected text where it contains that."""
        messages = [diagnostic.message for diagnostic in self.plan.diagnostics]
        return [next((text for text in wanted if text in message), message) for message in messages]
