"""The state kept in dictionaries: simple, and gone with its process. Tests and properties use it.

It is the reference: `tests/conformance/state.py` and a property test hold SQLite to the same answers.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

from reconciler.model.acknowledgements import Acknowledgement
from reconciler.model.census import Census, Verified
from reconciler.model.claims import Arrived, Beat, Candidate, Claim, Ending, GaveWay, Worker, WorkerSeen
from reconciler.model.commits import CommitId
from reconciler.model.faults import StateError
from reconciler.model.history import Event
from reconciler.model.holdings import Absent, Damaged, Held, Receipt, RecordOnly, Staged, Unknown
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import PackageName, SiteName
from reconciler.model.notifications import Delivery, DeliveryState, Notification, Sighting
from reconciler.model.packages import Revision
from reconciler.model.plan import Plan
from reconciler.model.quantities import Bytes
from reconciler.model.settings import EventKind
from reconciler.model.snapshot import Cause, DepartedSite, Difference, Hold, Send, SendState, Snapshot, Wanted
from reconciler.model.stores import StateId, StoreId
from reconciler.state import journal
from reconciler.state.counting import counted
from reconciler.state.known_pairs import KnownPairs
from reconciler.state.liveness import HERE, Liveness
from reconciler.state.memory_decisions import Decisions
from reconciler.state.memory_journal import Journal
from reconciler.state.memory_leases import Lease, Leases
from reconciler.state.memory_outbox import Outbox
from reconciler.state.pairs import (
    Pair,
    PairRow,
    forgotten,
    found_by_look,
    found_instead,
    gave_way,
    observed,
    pruned,
    received,
    same_revision,
)
from reconciler.state.progress import Stopped, cancelled, claimed, is_due, read_by_planner, retried, stopped
from reconciler.state.protocol import Author, HeldPair, Observation, Pass, Submission
from reconciler.state.standing import (
    CLOSED_AS,
    Facts,
    PairFacts,
    RowFacts,
    Standing,
    acted_on,
    rows_named,
    still_standing,
)


class MemoryState:
    """Everything in plain dictionaries, by pair or by name."""

    kind = "memory"

    def __init__(self, liveness: Liveness = HERE) -> None:
        self._identity = StateId(uuid4().hex)
        self._stores: dict[SiteName, StoreId] = {}
        self._leases = Leases(liveness)
        self._version = 0
        self._pairs: dict[Pair, PairRow] = {}
        self._receipts: dict[Pair, dict[int, Receipt]] = defaultdict(dict)
        self._keys: set[str] = set()
        self._sends: dict[Pair, dict[int, Send]] = defaultdict(dict)
        self._decisions = Decisions()
        self._journal = Journal()
        self._outbox = Outbox()

    # What the planner reads

    def snapshot(self, wanted: Wanted, known: KnownPairs | None = None) -> Snapshot:  # noqa: ARG002 - nothing to save
        differences = tuple(self._differences(wanted))
        drift = any(
            isinstance(difference.holding, RecordOnly | Damaged)
            or (isinstance(difference.holding, Absent) and difference.holding.lost is not None)
            for difference in differences
        )
        staged = {pair: row.holding for pair, row in self._pairs.items() if isinstance(row.holding, Staged)}
        return Snapshot(
            kind=self.kind,
            version=self._version,
            differences=differences,
            open_sends=tuple(self._open_sends()),
            holds=self._decisions.holds(),
            acknowledgements=self._decisions.acknowledgements(),
            held_packages=frozenset(package for package, _ in staged),
            wanted_held=frozenset(
                asked.package
                for asked in wanted.packages
                if any(
                    package == asked.package and holding.held.revision == asked.revision
                    for (package, _), holding in staged.items()
                )
            ),
            held_pairs=sum(map(self._was_held, self._pairs)) if drift else 0,
            departed=tuple(self._departed(frozenset(wanted.sites))),
            oldest_verification=min(
                (
                    staged[pair].verified_at
                    for asked in wanted.packages
                    for pair in ((asked.package, wanted.sites[index]) for index in asked.sites)
                    if self._is_ready(pair, asked.revision)
                ),
                default=None,
            ),
        )

    def _differences(self, wanted: Wanted) -> Iterator[Difference]:
        for asked in sorted(wanted.packages, key=lambda asked: asked.package):
            for index in asked.sites:
                pair = asked.package, wanted.sites[index]
                if not self._is_ready(pair, asked.revision):
                    row = self._row(pair)
                    yield Difference(
                        package=asked.package,
                        site=index,
                        holding=row.holding,
                        mark=row.mark,
                        version=self._pair_version(pair),
                        closed=self._closed(pair, asked.revision),
                    )

    def _is_ready(self, pair: Pair, revision: Revision) -> bool:
        holding = self._row(pair).holding
        return isinstance(holding, Staged) and holding.held.revision == revision

    def _closed(self, pair: Pair, revision: Revision) -> Send | None:
        latest = next(reversed(self._rows_of(pair)), None)
        if (
            latest is None
            or latest.state not in (SendState.FAILED, SendState.CANCELLED)
            or latest.revision != revision
            or latest.number <= self._row(pair).forgotten
        ):
            return None
        return self._as_now(latest)

    def _departed(self, fleet: frozenset[SiteName]) -> Iterator[DepartedSite]:
        for site in sorted({site for _, site in self._pairs} - fleet):
            packages = sorted(
                package for (package, at), row in self._pairs.items() if at == site and row.holding != Absent()
            )
            if packages:
                yield DepartedSite(
                    site=site,
                    packages=tuple((package, self._pair_version((package, site))) for package in packages),
                )

    # Plans

    def submit(self, plan: Plan, author: Author, *, strict: bool = False) -> Submission:
        standing = still_standing(plan, self._facts(plan))
        if strict and standing.moved:
            return Submission(moved=standing.moved)
        closed = self._close(standing, author.at)
        raised = self._raise(standing)
        gone = self._forget(standing)
        opened = self._open(standing, plan, author)
        for pair in (closed | raised | opened) - gone:
            self._pairs[pair] = replace(self._pairs[pair], version=self._pairs[pair].version + 1)
        spent = () if standing.moved else self._decisions.spend(plan.spent)
        self._version += bool(closed or raised or gone or opened or spent)
        for entry in journal.of_submission(plan, standing, spent):
            self._tell(entry, author)
        self._journal.remember(journal.pass_of(plan, author))
        return Submission(
            recorded=tuple(job.name for job in standing.sends),
            already=standing.already,
            moved=standing.moved,
            cancelled=len(closed),
            updated=len(raised),
            removed=len(standing.removals),
        )

    def _facts(self, plan: Plan) -> Facts:
        return Facts(
            known=self._keys,
            pairs={
                pair: PairFacts(
                    version=self._pair_version(pair),
                    mark=self._row(pair).mark,
                    open_job=None if (row := self._open_row(pair)) is None else row.job,
                    holds=self._row(pair).holding != Absent(),
                )
                for pair in acted_on(plan)
            },
            rows={
                (job, pair): RowFacts(state=send.state, priority=send.priority)
                for job, pair in rows_named(plan)
                for send in self._rows_of(pair)
                if send.job == job
            },
        )

    def _close(self, standing: Standing, at: Instant) -> set[Pair]:
        """Close the rows that are cancelled, and every open one at a site that is removed (L32)."""
        removed = {removal.site for removal in standing.removals}
        closings = {
            (change.package, planned.site): CLOSED_AS[change.reason]
            for change in standing.cancellations
            for planned in change.sites
        }
        for send in self._open_sends():
            if send.site in removed and (send.package, send.site) not in standing.moved:
                closings.setdefault((send.package, send.site), SendState.OBSOLETE)
        for pair, state in closings.items():
            cause = Cause.SITE_REMOVED if pair[1] in removed else None
            self._end(self._open_row(pair), state, at, cause)
        return set(closings)

    def _raise(self, standing: Standing) -> set[Pair]:
        pairs = {}
        for update in standing.updates:
            pairs.update({(update.package, planned.site): update.priority for planned in update.sites})
        for pair, priority in pairs.items():
            row = self._open_row(pair)
            if row is not None:
                self._keep(replace(row, priority=priority))
        return set(pairs)

    def _forget(self, standing: Standing) -> set[Pair]:
        """Also pairs that hold nothing: what was still on its way to the site says nothing of the next one (L31)."""
        pairs = {(package, removal.site) for removal in standing.removals for package in removal.packages}
        removed = {removal.site for removal in standing.removals}
        for site in removed:
            self._stores.pop(site, None)
        for pair, row in self._pairs.items():
            if pair[1] in removed and row.holding == Absent() and row.mark > row.forgotten:
                pairs |= {pair} - set(standing.moved)
        for pair in pairs:
            self._pairs[pair] = forgotten(self._row(pair))
        return pairs

    def _open(self, standing: Standing, plan: Plan, author: Author) -> set[Pair]:
        size = {(pair.package, pair.site): pair.bytes for pair in plan.pairs}
        opened = set()
        for job in standing.sends:
            self._keys.add(job.key)
            for planned, endpoint in zip(job.sites, job.endpoints, strict=True):
                pair = job.package, planned.site
                self._pairs[pair] = replace(self._row(pair), mark=planned.number)
                self._keep(
                    Send(
                        job=job.name,
                        package=job.package,
                        site=planned.site,
                        number=planned.number,
                        revision=job.revision,
                        mode=job.mode,
                        priority=job.priority,
                        state=SendState.QUEUED,
                        version=0,
                        for_jobs=job.for_jobs,
                        endpoint=endpoint,
                        recorded_at=author.at,
                        changed_at=author.at,
                        bytes=size.get(pair, 0),
                    )
                )
                opened.add(pair)
        return opened

    def record_pass(self, entry: Pass) -> None:
        self._journal.remember(entry)

    # Arrivals and looks

    def receive(self, receipt: Receipt, author: Author) -> bool:
        pair = receipt.package, receipt.site
        if receipt.number in self._receipts[pair]:
            return False
        self._receipts[pair][receipt.number] = receipt
        before = self._row(pair)
        after = received(before, receipt)
        answered = self._answered(receipt)
        if answered is not None:
            self._end(answered, SendState.COMPLETE, author.at, None)
            after = replace(after, version=before.version + 1)
        self._put(pair, after)
        self._tell(journal.of_receipt(receipt, late=after.holding is before.holding), author)
        return after.holding is not before.holding

    def _answered(self, receipt: Receipt) -> Send | None:
        row = self._sends[receipt.package, receipt.site].get(receipt.number)
        if row is None or row.revision != receipt.held.revision:
            return None
        return row if row.state.is_open or row.state is SendState.FAILED else None

    def observe(self, observations: Sequence[Observation], author: Author) -> Sequence[bool]:
        return [self._observe(each, author) for each in observations]

    def _observe(self, observation: Observation, author: Author) -> bool:
        pair = observation.package, observation.site
        before = self._row(pair)
        after = observed(before, observation, self._proved(pair))
        if after is None or self._open_row(pair) is not None:
            return False
        self._put(pair, after)
        if after.version != before.version:
            self._keep_look(observation, author)
            self._tell(journal.of_observation(observation), author)
        return True

    def forget(self, package: PackageName, site: SiteName, number: int, author: Author) -> bool:
        pair = package, site
        if self._open_row(pair) is not None:
            return False
        before = self._row(pair)
        after = pruned(before, number)
        self._put(pair, after)
        if after is not before:
            self._tell(journal.of_pruning(package, site, number), author)
        return True

    def _keep_look(self, observation: Observation, author: Author) -> None:
        receipt = found_by_look(observation, author.actor)
        if receipt is None:
            return
        receipts = self._receipts[receipt.package, receipt.site]
        known = receipts.get(receipt.number)
        if known is None or not same_revision(known.held, receipt.held):
            receipts[receipt.number] = receipt
        answered = self._answered(receipt)
        if answered is not None:
            self._end(answered, SendState.COMPLETE, author.at, None)

    # Carrying out

    @property
    def identity(self) -> StateId:
        return self._identity

    def stores(self) -> Mapping[SiteName, StoreId]:
        return dict(sorted(self._stores.items()))

    def pin_store(self, site: SiteName, store: StoreId, author: Author) -> None:
        if self._stores.get(site) != store:
            self._stores[site] = store
            self._tell(journal.of_pin(site, store), author)

    def claim(
        self, worker: Worker, candidates: Sequence[Candidate], author: Author, *, lease: Seconds
    ) -> Sequence[Claim]:
        until = self._leases.seen(worker, author.at, lease)
        claims = []
        for candidate in candidates:
            pair = candidate.package, candidate.site
            row = self._open_row(pair)
            if row is None or row.number != candidate.number or not self._is_free(row, candidate, worker, author.at):
                continue
            after = claimed(row, author.at)
            before = self._leases.holder((pair, row.number))
            self._move(row, after)
            kept = Lease(worker=worker.id, until=until, attempts=after.attempts, bytes_left=candidate.bytes_left)
            self._leases.claim((pair, row.number), kept)
            self._tell(journal.of_claim(after, worker, before), author)
            claims.append(Claim(send=self._as_now(after), worker=worker.id))
        return claims

    def _is_free(self, row: Send, candidate: Candidate, worker: Worker, at: Instant) -> bool:
        taken = self._leases.taker(f"site/{row.site}") not in (None, worker.id)
        if taken or not is_due(row, at) or self._leases.is_claimed(((row.package, row.site), row.number)):
            return False
        return candidate.at_once is None or sum(1 for _ in self._leases.at_site(row.site)) < candidate.at_once

    def renew(self, worker: Worker, beats: Sequence[Beat], author: Author, *, lease: Seconds) -> Sequence[Claim]:
        until = self._leases.seen(worker, author.at, lease)
        self._leases.renew_takes(worker, until)
        lost = []
        for beat in beats:
            row = self._claimed_row(beat.claim)
            of_worker = beat.claim.worker == worker.id
            if (
                row is None
                or not of_worker
                or not self._leases.renew(beat.claim, until=until, bytes_left=beat.bytes_left)
            ):
                lost.append(beat.claim)
                continue
            changed_at = row.changed_at if row.state is beat.state else author.at
            self._keep(replace(row, state=beat.state, bytes_done=beat.bytes_done, changed_at=changed_at))
        return lost

    def end(self, endings: Sequence[Ending], author: Author) -> Sequence[bool]:
        return [self._end_attempt(ending, author) for ending in endings]

    def _end_attempt(self, ending: Ending, author: Author) -> bool:
        claim, outcome = ending.claim, ending.outcome
        if isinstance(outcome, Arrived):
            counted = self.receive(outcome.receipt, author)
        else:
            counted = self._stop(claim, outcome, author)
        self._leases.free(claim)
        return counted

    def _stop(self, claim: Claim, outcome: Stopped, author: Author) -> bool:
        row = self._claimed_row(claim)
        if row is None or not self._leases.is_of(claim):
            return False
        after = stopped(row, outcome, author.at)
        self._tell(journal.of_ending(after, outcome), author)
        if isinstance(outcome, GaveWay):
            self._keep(after)
            self._give_way(claim.pair, outcome, author)
        else:
            self._move(row, after)
        return True

    def _give_way(self, pair: Pair, outcome: GaveWay, author: Author) -> None:
        before = self._row(pair)
        found = found_instead(pair, before, outcome)
        after = gave_way(before, found, number=outcome.number, proved=self._proved(pair))
        self._put(pair, after)
        if found is not None and after.holding != before.holding:
            self._tell(journal.of_observation(found), author)

    def _claimed_row(self, claim: Claim) -> Send | None:
        """The row, if it is claimed, and for this attempt."""
        row = self._sends[claim.pair].get(claim.send.number)
        if row is None or not row.state.is_claimed or row.attempts != claim.send.attempts:
            return None
        return row

    def reserved(self, site: SiteName, *, besides: Claim) -> Bytes:
        own = (besides.pair, besides.send.number), besides.worker
        others = (lease for row, lease in self._leases.at_site(site) if (row, lease.worker) != own)
        return Bytes(sum(lease.bytes_left for lease in others))

    def take(self, worker: Worker, thing: str, author: Author, *, lease: Seconds) -> bool:
        until = self._leases.seen(worker, author.at, lease)
        return self._leases.take(worker, thing, until)

    def give_back(self, worker: Worker, thing: str) -> None:
        self._leases.give_back(worker, thing)

    def leave(self, worker: Worker) -> None:
        self._leases.leave(worker)

    def workers(self) -> Sequence[WorkerSeen]:
        return self._leases.workers(self.claims())

    def claims(self) -> Sequence[Claim]:
        rows = ((self._sends[pair][number], worker) for (pair, number), worker in self._leases.living())
        return [Claim(send=self._as_now(row), worker=worker) for row, worker in rows if row.state.is_claimed]

    def retry(self, package: PackageName, site: SiteName, author: Author) -> bool:
        row = next(reversed(self._rows_of((package, site))), None)
        after = None if row is None else retried(row, self._row((package, site)), author.at)
        if row is None or after is None:
            return False
        self._tell(journal.of_retry(after), author)
        self._move(row, after)
        return True

    def cancel(self, package: PackageName, site: SiteName, reason: str, author: Author) -> bool:
        row = self._open_row((package, site))
        if row is None:
            return False
        self._tell(journal.of_cancel(row, reason), author)
        self._move(row, cancelled(row, actor=author.actor, reason=reason, at=author.at))
        return True

    def _move(self, before: Send, after: Send) -> None:
        """Keep the row; a new version of the pair if the planner reads what changed."""
        self._keep(after)
        pair = after.package, after.site
        if read_by_planner(after) != read_by_planner(before):
            self._put(pair, replace(self._row(pair), version=self._row(pair).version + 1))

    # What people decide

    def hold(self, hold: Hold, author: Author) -> None:
        if self._decisions.hold(hold):
            self._version += 1
            self._tell(journal.of_hold(hold), author)

    def release(self, site: SiteName | None, package: PackageName | None, author: Author) -> bool:
        released = self._decisions.release(site, package)
        if released:
            self._version += 1
            self._tell(journal.of_release(site, package), author)
        return released

    def acknowledge(self, acknowledgement: Acknowledgement, author: Author) -> None:
        if self._decisions.acknowledge(acknowledgement):
            self._version += 1
            self._tell(journal.of_acknowledgement(acknowledgement), author)

    def follow(self, branch: str, commit: CommitId, author: Author, *, accepted: bool = False) -> None:
        latest = self.history(subject=journal.of_branch(branch), limit=1)
        entry = journal.of_following(branch, commit, latest, accepted=accepted)
        if entry is not None:
            self._tell(entry, author)

    # What status and explain show

    def pairs(self, *, package: PackageName | None = None, site: SiteName | None = None) -> Iterable[HeldPair]:
        for (its_package, its_site), row in sorted(self._pairs.items()):
            if package in (None, its_package) and site in (None, its_site):
                yield HeldPair(
                    package=its_package, site=its_site, number=row.number, mark=row.mark, holding=row.holding
                )

    def receipts(self, package: PackageName, site: SiteName) -> Sequence[Receipt]:
        kept = self._receipts[package, site]
        return [kept[number] for number in sorted(kept, reverse=True)]

    def sends(self, *, open_only: bool = True, job: str | None = None) -> Sequence[Send]:
        rows = (self._as_now(send) for pair in self._sends for send in self._rows_of(pair))
        found = [send for send in rows if (send.state.is_open or not open_only) and job in (None, send.job)]
        return sorted(found, key=lambda send: (send.job, send.site, send.number))

    def sends_to(self, site: SiteName) -> Sequence[Send]:
        return [send for send in self._open_sends() if send.site == site]

    def recent_sends(self, latest: int) -> Sequence[Send]:
        every = self.sends(open_only=False)
        recorded = {send.job: send.recorded_at for send in every}
        by_age = sorted(recorded, key=lambda job: (-recorded[job], job))
        wanted = {send.job for send in every if send.state.is_open}.union(by_age[:latest])
        return [send for send in every if send.job in wanted]

    def history(self, *, subject: str | None = None, limit: int = 100) -> Sequence[Event]:
        return self._journal.history(subject, limit)

    def passes(self, limit: int = 1) -> Sequence[Pass]:
        return self._journal.passes(limit)

    # Watching over it

    def census(self) -> Census:
        rows = ((send.job, send.state, 1, send.recorded_at) for send in self._open_sends())
        return counted(rows, self._outbox.waiting().items())

    def verifications(self) -> Sequence[Verified]:
        of_site: dict[SiteName, list[Instant]] = defaultdict(list)
        unknown: set[SiteName] = set()
        for (_, site), row in self._pairs.items():
            if isinstance(row.holding, Staged):
                of_site[site].append(row.holding.verified_at)
            elif isinstance(row.holding, Unknown):
                unknown.add(site)
        return [
            Verified(
                site=site,
                oldest=min(of_site[site], default=None),
                latest=max(of_site[site], default=None),
                unknown=site in unknown,
            )
            for site in sorted({*of_site, *unknown})
        ]

    def note(self, sighting: Sighting, notifiers: Mapping[str, frozenset[EventKind]]) -> Sequence[Notification]:
        return self._outbox.note(sighting, notifiers)

    def standing(self) -> Mapping[EventKind, Mapping[str, Instant]]:
        return self._outbox.standing()

    def take_delivery(self, notifier: str, at: Instant, *, lease: Seconds) -> Delivery | None:
        return self._outbox.take(notifier, at, lease=lease)

    def end_delivery(self, delivery: Delivery, state: DeliveryState, at: Instant) -> None:
        self._outbox.end(delivery, state, at)

    def retain_notifiers(self, notifiers: Collection[str]) -> int:
        return self._outbox.retain(notifiers)

    def backup(self, path: str) -> None:
        raise StateError(f"the copy {path} cannot be written: this state is in memory, and gone with its process")

    def close(self) -> None:
        """Nothing to free."""

    # Rows

    def _row(self, pair: Pair) -> PairRow:
        return self._pairs.get(pair, PairRow())

    def _put(self, pair: Pair, row: PairRow) -> None:
        """Keep the row; a new version of it is a new version of the state."""
        self._version += row.version != self._row(pair).version
        if row.version:
            self._pairs[pair] = row

    def _pair_version(self, pair: Pair) -> int:
        """A hold is part of the version of every pair it covers, with or without a row."""
        return self._row(pair).version + self._decisions.turns(pair)

    def _proved(self, pair: Pair) -> Held | None:
        """What the newest receipt since the site was last removed proved."""
        numbers = [number for number in self._receipts[pair] if number > self._row(pair).forgotten]
        return self._receipts[pair][max(numbers)].held if numbers else None

    def _was_held(self, pair: Pair) -> bool:
        """Whether a receipt proved it, or a record says so."""
        return isinstance(self._row(pair).holding, RecordOnly | Damaged) or self._proved(pair) is not None

    def _rows_of(self, pair: Pair) -> list[Send]:
        """Every row the pair ever had, by number."""
        return [send for _, send in sorted(self._sends[pair].items())]

    def _open_row(self, pair: Pair) -> Send | None:
        return next((send for send in self._rows_of(pair) if send.state.is_open), None)

    def _open_sends(self) -> list[Send]:
        rows = [self._open_row(pair) for pair in sorted(self._sends)]
        return [self._as_now(send) for send in rows if send is not None]

    def _as_now(self, send: Send) -> Send:
        return replace(send, version=self._pair_version((send.package, send.site)))

    def _keep(self, send: Send) -> None:
        self._sends[send.package, send.site][send.number] = send

    def _end(self, send: Send | None, state: SendState, at: Instant, cause: Cause | None) -> None:
        if send is not None:
            self._keep(replace(send, state=state, cause=cause, detail="", next_attempt=None, changed_at=at))

    def _tell(self, entry: journal.Entry, author: Author) -> None:
        self._journal.tell(entry, author)
