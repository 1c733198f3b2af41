"""What is sent is missing, what is missing is sent, in the fewest send-only jobs (L3, L6, L15, L37)."""

from collections.abc import Iterator, Sequence

from reconciler.model.holdings import Staged, Unknown
from reconciler.model.keys import send_key, send_name
from reconciler.model.plan import GapReason, PlannedSite, SendOnlyJob, Verdict
from reconciler.model.snapshot import Mode
from reconciler.planning.audit.evidence import Evidence, Key, pair_name
from reconciler.planning.audit.verdicts import blocks_of


def sends_hold(evidence: Evidence) -> Iterator[str]:
    """Each send has a gap behind it and nothing against it; each missing pair has its send."""
    for key, sends in evidence.sent.items():
        if len(sends) > 1:
            yield f"L6: {pair_name(key)} is in two sends, {sends[0][0].name} and {sends[1][0].name}"
        for send, planned in sends:
            yield from _site_holds(evidence, key, send, planned)
    for key, pair in evidence.shown.items():
        if pair.verdict is Verdict.MISSING and key not in evidence.sent:
            yield f"domain.md 3: {pair_name(key)} is missing and nothing is sent"


def _site_holds(evidence: Evidence, key: Key, send: SendOnlyJob, planned: PlannedSite) -> Iterator[str]:
    name = pair_name(key)
    difference = evidence.differing.get(key)
    if difference is None or not evidence.requires(key):
        yield f"L6: {name} is sent to without a gap"
        return
    if isinstance(difference.holding, Unknown):
        yield f"L37: {name} is unknown and sent to"
    if evidence.covering(key) is not None:
        yield f"L6: {name} is in flight and sent to again"
    for reason in blocks_of(evidence, key):
        yield f"domain.md 3: {name} is sent to although it is blocked: {reason.value}"
    shown = evidence.shown.get(key)
    if shown is None or shown.verdict is not Verdict.MISSING or shown.send_only_job != send.name:
        yield f"domain.md 3: {name} is sent to and its verdict does not name {send.name}"
    if (planned.number, planned.version) != (difference.mark + 1, difference.version):
        yield (
            f"sending.md 4: {name} gets number {planned.number} at version {planned.version}, "
            f"its mark is {difference.mark} and its version {difference.version}"
        )
    yield from _intent_holds(evidence, key, send)


def _intent_holds(evidence: Evidence, key: Key, send: SendOnlyJob) -> Iterator[str]:
    """The revision is the desired one, the priority the highest of its jobs, the mode that of what is there."""
    name = pair_name(key)
    if send.revision != evidence.desired[key[0]]:
        yield f"L15: {name} is sent a revision that is not the desired one"
    if send.priority is not max(job.priority for job in evidence.jobs[key]):
        yield f"L6: {name} is sent with priority {send.priority.word}, which is not the highest of its jobs"
    holding = evidence.differing[key].holding
    has_content = isinstance(holding, Staged) and holding.held.content == evidence.desired[key[0]].content
    if (send.mode is Mode.SETUP_ONLY) != has_content:
        yield f"L3: {name} is sent in mode {send.mode.value}"


def grouping_holds(evidence: Evidence) -> Iterator[str]:
    """One send-only job per package revision, mode and priority; key, name, jobs, addresses and bytes are right."""
    groups = [(send.package, send.revision, send.mode, send.priority) for send in evidence.plan.send_only_jobs]
    if len(set(groups)) != len(groups):
        yield "L6: two send-only jobs could be one"
    names = [send.name for send in evidence.plan.send_only_jobs]
    if len(set(names)) != len(names):
        yield "sending.md 4: two send-only jobs have one name"
    for send in evidence.plan.send_only_jobs:
        yield from _job_holds(evidence, send)


def _job_holds(evidence: Evidence, send: SendOnlyJob) -> Iterator[str]:
    numbers = [(planned.site, planned.number) for planned in send.sites]
    key = send_key(send.package, revision=send.revision, mode=send.mode, priority=send.priority, numbers=numbers)
    if send.key != key or send.name != send_name(send.package, key):
        yield f"sending.md 4: key or name of {send.name} is not that of what it does"
    package = evidence.fleet.packages_by_name.get(send.package)
    if package is None or not send.sites:
        yield f"L6: {send.name} sends nothing that is wanted"
        return
    if send.origin != package.origin or send.parts != tuple(sorted(part.value for part in package.parts)):
        yield f"cli.md: {send.name} does not describe package {package.name}"
    keys = [(send.package, planned.site) for planned in send.sites]
    known = [key for key in keys if key in evidence.jobs and key in evidence.shown]
    if send.endpoints != tuple(_endpoint(evidence, key) for key in keys):
        yield f"L23: {send.name} does not name the addresses of its sites"
    if send.for_jobs != tuple(sorted({job.name for key in known for job in evidence.jobs[key]})):
        yield f"L5: {send.name} does not name exactly the jobs it is for"
    if send.bytes != sum(evidence.shown[key].bytes for key in known):
        yield f"cli.md: the bytes of {send.name} are not the sum of its sites'"
    if send.reasons != _reasons(evidence, known):
        yield f"domain.md 3: {send.name} does not name the reasons of its sites"
    content = 0 if send.mode is Mode.SETUP_ONLY else package.content.size
    if any(evidence.shown[key].bytes != content + package.setup_size for key in known):
        yield f"L3: {send.name} does not count the bytes its mode needs"


def _endpoint(evidence: Evidence, key: Key) -> str:
    index = evidence.fleet.index.get(key[1])
    address = None if index is None else evidence.fleet.sites[index].address
    return "" if address is None else address.endpoint


def _reasons(evidence: Evidence, keys: Sequence[Key]) -> tuple[GapReason, ...]:
    first = {evidence.shown[key].reason for key in keys}
    return tuple(reason for reason in GapReason if reason in first)
