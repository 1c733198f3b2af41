"""Where the time of a pass goes: in one process, stage by stage, the first pass and those after one changed file."""

import contextlib
import gc
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from benchmarks.watching.changes import MANIFEST
from benchmarks.watching.place import Place
from reconciler import __version__
from reconciler.engine.manifests import Manifests
from reconciler.engine.remembered import Remembered
from reconciler.git.repository import open_repository
from reconciler.model.commits import CommitId
from reconciler.model.instants import Instant
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.planning.audit import audit
from reconciler.planning.planner import make_plan
from reconciler.planning.wanted import wanted_pairs
from reconciler.sources.commit import CommitReader
from reconciler.state.protocol import Author, State

READ, DECLARE, RESOLVE, SNAPSHOT, PLAN, AUDIT, RECORD = STAGES = (
    "read the commit",
    "declare",
    "resolve",
    "snapshot",
    "plan",
    "audit",
    "record",
)


@dataclass(slots=True)
class Stages:
    """CPU seconds by stage, of each pass; the sources are known, as a watcher knows those that did not change."""

    passes: list[dict[str, float]] = field(default_factory=list)

    def first(self, stage: str) -> float:
        return self.passes[0][stage]

    def after(self, stage: str) -> float:
        """The median of the passes after the first."""
        return statistics.median(one[stage] for one in self.passes[1:])


def in_process(place: Place, *, rounds: int) -> Stages:
    """One pass with nothing known, then one for each commit that changes one manifest; each supersedes the last."""
    from reconciler import wiring  # noqa: PLC0415 - as late as in the commands
    from reconciler.cli.options import Options  # noqa: PLC0415
    from reconciler.cli.workplace import work_in  # noqa: PLC0415

    before, text = os.getcwd(), place.read(MANIFEST)
    try:
        workplace = work_in(Options(quiet=True, chdir=place.folder, config=f"{place.folder}/reconciler.yaml"))
        manifests = replace(workplace.manifests, remembered=Remembered())
        reader = CommitReader(open_repository(place.folder), relative_to=place.folder)
        known: dict[SourceRequest, Content | SourceProblem] = {}
        stages = Stages()
        with _collector_off(), contextlib.closing(reader):
            for number in range(rounds + 1):
                commit = place.commit(MANIFEST, text.replace("/quiet", f"/quiet {os.getpid()} {number}"))
                with contextlib.closing(wiring.open_state(workplace.settings.state_url, write=True)) as state:
                    stages.passes.append(_pass(reader, CommitId(commit), manifests, state, known))
        return stages
    finally:
        os.chdir(before)


def _pass(
    reader: CommitReader,
    commit: CommitId,
    manifests: Manifests,
    state: State,
    known: dict[SourceRequest, Content | SourceProblem],
) -> dict[str, float]:
    author = Author(actor="benchmark", at=Instant(int(time.time())))
    guards, remembered = manifests.settings.guards, manifests.remembered or Remembered()

    def content(request: SourceRequest) -> Content | SourceProblem:
        if request not in known:
            known[request] = manifests.content(request)
        return known[request]

    took: dict[str, float] = {}
    with _timed(took, READ):
        read = reader.read(commit, roots=manifests.settings.manifest_paths)
    with _timed(took, DECLARE):
        declared = manifests.declare(read)
    with _timed(took, RESOLVE):
        resolved = manifests.resolve(read, declared, content)
    fleet = resolved.fleet
    with _timed(took, SNAPSHOT):
        snapshot = state.snapshot(wanted_pairs(fleet), remembered.pairs)
    with _timed(took, PLAN):
        plan = make_plan(fleet, snapshot, at=author.at, guards=guards, tool_version=__version__, known=remembered.plan)
    with _timed(took, AUDIT):
        broken = audit(plan, fleet, snapshot, guards=guards)
    if broken or plan.refused or not plan.send_only_jobs:
        raise RuntimeError(f"plan {plan.id} is not one to be measured: {broken}")
    with _timed(took, RECORD):
        state.submit(plan, author)
    return took


@contextlib.contextmanager
def _timed(took: dict[str, float], stage: str) -> Iterator[None]:
    began = time.process_time()
    yield
    took[stage] = time.process_time() - began


@contextlib.contextmanager
def _collector_off() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
