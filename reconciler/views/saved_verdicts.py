"""What a saved plan says: its sums, the verdicts of pairs and jobs, the guards, the diagnostics."""

from reconciler.model.acknowledgements import GuardName
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.instants import Seconds
from reconciler.model.packages import SetupPart
from reconciler.model.plan import (
    BlockReason,
    GapReason,
    GuardResult,
    JobVerdict,
    PlannedJob,
    PlannedPair,
    PlanSource,
    PlanState,
    Summary,
    Underway,
    Verdict,
)
from reconciler.model.snapshot import Cause, Mode, SendState
from reconciler.views.reading import Reading
from reconciler.views.saved_names import read_job_name, read_package, read_site, read_size, read_where


def read_source(read: Reading) -> PlanSource:
    """What the plan was computed from."""
    return PlanSource(
        fleet_digest=read["fleetDigest"].text(),
        commit=read["commit"].optional(Reading.text),
        branch=read["branch"].optional(Reading.text),
        dirty=read["dirty"].flag(),
    )


def read_state(read: Reading) -> PlanState:
    """The state it was computed from."""
    return PlanState(
        kind=read["kind"].text(),
        version=read["version"].number(),
        oldest_verification=read["oldestVerification"].optional(Reading.instant),
    )


def read_summary(read: Reading) -> Summary:
    """The numbers of the whole plan."""
    return Summary(
        sites=read["sites"].number(),
        packages=read["packages"].number(),
        jobs=read["jobs"].number(),
        required=read["required"].number(),
        ready=read["ready"].number(),
        in_flight=read["inFlight"].number(),
        missing=read["missing"].number(),
        blocked=read["blocked"].number(),
        send_only_jobs=read["sendOnlyJobs"].number(),
        cancellations=read["cancellations"].number(),
        bytes=read_size(read["bytes"]),
    )


def read_pair(read: Reading) -> PlannedPair:
    """One item of `pairs`."""
    return PlannedPair(
        package=read_package(read["package"]),
        site=read_site(read["site"]),
        verdict=read["verdict"].choice(Verdict),
        reason=read["reason"].optional(_reason),
        also=read["also"].items(_reason),
        detail=read["detail"].text(),
        has=read["has"].text(),
        wants=read["wants"].text(),
        lacks=read["lacks"].items(lambda part: part.choice(SetupPart)),
        held=read["held"].text(),
        send_only_job=read["sendOnlyJob"].optional(Reading.text),
        underway=read["underway"].optional(_underway),
        for_jobs=read["forJobs"].items(read_job_name),
        parent=read["parent"].optional(read_site),
        route=read["route"].items(read_site),
        mode=read["mode"].optional(lambda mode: mode.choice(Mode)),
        bytes=read_size(read["bytes"]),
        earliest=read["earliest"].optional(Reading.instant),
        estimated_seconds=read["estimatedSeconds"].optional(lambda seconds: Seconds(seconds.number())),
        timezone=read["timezone"].zone(),
        where=read_where(read["sourceRef"]),
    )


def _underway(read: Reading) -> Underway:
    return Underway(
        state=read["state"].choice(SendState),
        since=read["since"].instant(),
        bytes_done=read_size(read["bytesDone"]),
        cause=read["cause"].optional(lambda cause: cause.choice(Cause)),
        next_attempt=read["nextAttempt"].optional(Reading.instant),
    )


def read_job(read: Reading) -> PlannedJob:
    """One item of `jobs`."""
    return PlannedJob(
        name=read_job_name(read["name"]),
        verdict=read["verdict"].choice(JobVerdict),
        package=read_package(read["package"]),
        package_version=read["packageVersion"].text(),
        purpose=read["purpose"].text(),
        site=read_site(read["site"]),
        required_sites=read["requiredSites"].items(read_site),
        ready=read["ready"].number(),
        blockers=read["blockers"].items(Reading.text),
        waits_for=read["waitsFor"].items(Reading.text),
        ready_at=read["readyAt"].optional(Reading.instant),
        timezone=read["timezone"].zone(),
        where=read_where(read["sourceRef"]),
    )


def read_guard(read: Reading) -> GuardResult:
    """One item of `guards`."""
    return GuardResult(
        name=read["name"].choice(GuardName),
        limit=read["limit"].text(),
        value=read["value"].text(),
        tripped=read["tripped"].flag(),
        acknowledged=read["acknowledged"].flag(),
        actions=read["actions"].items(Reading.text),
    )


def read_diagnostic(read: Reading) -> Diagnostic:
    """One item of `diagnostics`; its place lies flat in it."""
    return Diagnostic(
        severity=read["severity"].choice(Severity),
        code=read["code"].text(),
        message=read["message"].text(),
        where=read_where(read),
        path=read["path"].text(),
        hint=read["hint"].text(),
    )


def _reason(read: Reading) -> GapReason | BlockReason:
    gaps = {reason.value for reason in GapReason}
    return read.choice(GapReason) if read.value in gaps else read.choice(BlockReason)
