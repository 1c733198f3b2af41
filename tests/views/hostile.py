"""Plans in which every string that came from data is the same hostile one."""

from dataclasses import replace

from reconciler.model.acknowledgements import GuardName
from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.names import JobName, PackageName, SiteName
from reconciler.model.plan import (
    BlockReason,
    Cancellation,
    CancellationReason,
    GapReason,
    JobVerdict,
    Plan,
    PlannedPair,
    PlannedSite,
    PlanSource,
    PlanState,
    Removal,
    Underway,
    Verdict,
)
from reconciler.model.snapshot import SendState
from tests.views.plans import NOW, guard, job, pair, plan

HOSTILE = [
    "\x1b[2J\x1b[H EVIL",
    "EVIL\nEVIL: nothing to see",
    "EVIL\r\n\u2028\u2029\x85EVIL",
    "\u202eEVIL\u2066\u200b\ufeff",
    "```\n<script>EVIL</script> @EVIL https://evil.example/EVIL ``` EVIL",
    "`@EVIL` | EVIL \\| EVIL </details><b>EVIL</b> <code>@EVIL</code>",
    "</code></summary>@EVIL [EVIL](https://evil.example) #1 EVIL@evil.example\n\n# EVIL\n\n```",
    "\x9b31mEVIL\U000e0045 www.evil.example/EVIL &lt;EVIL &#64;EVIL",
]


def hostile_plan(text: str, many: int) -> Plan:
    """`many` pairs of each kind, all with `text` wherever a string can stand."""
    made = plan(
        [job(text, JobVerdict.WAITING, package=text, sites=[text], ready=0, package_version=text, purpose=text)],
        [],
        source=PlanSource(fleet_digest=text, commit=text, branch=text),
        state=PlanState(kind=text, version=1),
        filters=(f"site={text}",),
        cancellations=(
            Cancellation(
                send_only_job=text,
                package=PackageName(text),
                sites=tuple(PlannedSite(site=SiteName(f"{text}{n}"), number=1, version=1) for n in range(many)),
                reason=CancellationReason.OBSOLETE,
            ),
        ),
        removals=(Removal(site=SiteName(text), packages=(PackageName(text),), versions=(1,)),),
        guards=(guard(GuardName.BYTES, text, text, tripped=True, actions=(text,)),),
        diagnostics=(Diagnostic(code=text, message=text, where=Where(text, 1, 1), path=text, hint=text),),
    )
    shapes = (
        {"verdict": Verdict.MISSING, "reason": GapReason.CONTENT_STALE},
        {"verdict": Verdict.MISSING, "reason": GapReason.RECORD_ONLY},
        {"verdict": Verdict.BLOCKED, "reason": BlockReason.UNKNOWN},
        {"verdict": Verdict.BLOCKED, "reason": BlockReason.SUSPENDED},
        {"verdict": Verdict.BLOCKED, "reason": BlockReason.FAILED},
        {"verdict": Verdict.IN_FLIGHT, "reason": None, "underway": Underway(state=SendState.SENDING, since=NOW)},
    )
    pairs = tuple(_pair(text, f"{text}{n}", shape) for shape in shapes for n in range(many))
    return replace(made, pairs=pairs)


def _pair(text: str, site: str, shape: dict[str, object]) -> PlannedPair:
    return pair(
        text,
        site,
        **shape,
        for_jobs=(JobName(text), JobName("other")),
        send_only_job=text,
        has=f"{text}1",
        wants=text,
        detail=text,
        parent=SiteName(text),
        held=text,
        route=(SiteName(text),),
        where=Where(text, 1, 1),
    )
