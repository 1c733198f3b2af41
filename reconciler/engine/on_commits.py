"""What `watch` repeats on commits: the branch goes forward, and only forward, as far as it can be trusted.

Whatever is wrong with the branch, passes go on with the last good commit: what was lost at a site is healed, and
nothing that was recorded is taken back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from reconciler.engine.committed import BrokenSettings, Commits
from reconciler.engine.passes import Outcome, PassReport, anybody, make_pass, nobody
from reconciler.engine.scope import Narrowing
from reconciler.git.following import BranchMissing, Followed
from reconciler.git.objects import MissingObject
from reconciler.model.commits import CommitId
from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.faults import GitFault
from reconciler.model.fleet import Fleet
from reconciler.model.looks import Look, Mark, Moved
from reconciler.model.settings import GitSettings, Settings
from reconciler.sources.changes import Watched
from reconciler.sources.directory import look_at_file
from reconciler.state.journal import of_branch
from reconciler.state.protocol import Author, State

BRANCH = "branch"
"""What stands for the branch in a look, beside the paths of files."""

_UNREADABLE = "correct it in a commit on top of it; what was acted on last stays in force"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitPlace:
    """The settings as they are now, and how a commit's manifests are read by them.

    Without `settings` and `commits` they are broken, as `diagnostics` say.
    """

    settings: Settings | None
    commits: Commits | None
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The commit to act on, None for none, and what is wrong with the branch."""

    commit: CommitId | None
    problem: Diagnostic | None = None

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        return () if self.problem is None else (self.problem,)


@dataclass(slots=True, kw_only=True)
class OnCommits:
    """The commits of one branch (`Reconciling`).

    `settings_file` is absolute; it is read again, by `refresh`, when it changed and came to rest, or when `reload` was
    called, and `configure` is told before each pass what it goes by. `refusal` says why a commit is not trusted, "" if
    it is. `touched` is told which watched paths changed. Without `write` passes only plan; with it `confirm` is asked
    before. `fleet` and `commit` are those of the last pass, None before the first.
    """

    settings_file: str
    refresh: Callable[[], CommitPlace]
    followed: Followed
    refusal: Callable[[CommitId, GitSettings], str]
    open_state: Callable[[Settings], State]
    author: Callable[[], Author]
    touched: Callable[[frozenset[str]], None]
    confirm: Callable[[State], None] = anybody
    configure: Callable[[Settings], None] = nobody
    also_watched: tuple[str, ...] = ()
    narrowing: Narrowing = field(default_factory=Narrowing)
    write: bool = True
    fleet: Fleet | None = None
    commit: str | None = None
    last: CommitId | None = None
    """The commit that was acted on last, by this watcher or one before."""
    _place: CommitPlace | None = None
    _settings_mark: Mark = ()
    _remembered: bool = False

    def look(self, known: Look | None, touched: frozenset[str]) -> Look:  # noqa: ARG002 - one look costs next to nothing
        """See `Reconciling.look`. The settings come to rest as files do, the branch need not."""
        self.touched(touched)
        place = self._place or self._read_settings()
        standing = Standing(commit=None) if place.settings is None else self._stand(place.settings, place.commits)
        return Look(
            manifests={BRANCH: (standing.commit, standing.problem)},
            sources={self.settings_file: look_at_file(self.settings_file)},
        )

    def reload(self) -> None:
        """Read the settings again at the next look."""
        self._place = None

    def watched(self) -> Watched:
        """See `Reconciling.watched`."""
        return Watched(manifests=(), files=(self.settings_file, *self.followed.watched(), *self.also_watched))

    def run(self, look: Look) -> PassReport:
        """See `Reconciling.run`."""
        place = self._settled(look)
        standing = _standing(look)
        if place.settings is None or place.commits is None:
            return PassReport(outcome=Outcome.INVALID, diagnostics=place.diagnostics)
        self.configure(place.settings)
        if standing.commit is None:
            return PassReport(outcome=Outcome.HELD, diagnostics=standing.problems)
        return self._pass(standing.commit, standing.problems, place.settings, place.commits)

    def _pass(
        self, commit: CommitId, problems: tuple[Diagnostic, ...], settings: Settings, commits: Commits
    ) -> PassReport:
        """One pass on a commit; on the last good one where it cannot be read, or the settings that it brings."""
        try:
            manifests = commits.manifests(commit, branch=self.followed.branch)
            if isinstance(manifests, BrokenSettings):
                problems = (*problems, *manifests.diagnostics)
                broken = PassReport(outcome=Outcome.INVALID, diagnostics=problems, commit=commit)
                return self._pass_before(commit, problems, settings, commits) or broken
            read = manifests.read()
        except GitFault as fault:
            problem = self._problem("unreadable", f"commit {commit[:12]} cannot be read: {fault}", hint=_UNREADABLE)
            report = self._pass_before(commit, (*problems, problem), settings, commits)
            if report is None:
                raise
            return report
        self.fleet, self.commit = read.fleet, commit
        report = make_pass(
            read,
            settings,
            open_state=self.open_state,
            author=self.author(),
            narrowing=self.narrowing,
            write=self.write,
            confirm=self.confirm,
        )
        if report.outcome is not Outcome.FAILED:
            self._acted(commit, settings)
        report = replace(report, texts=read.texts)
        if not problems:
            return report
        return replace(report, outcome=Outcome.HELD, diagnostics=(*problems, *report.diagnostics))

    def _pass_before(
        self, commit: CommitId, problems: tuple[Diagnostic, ...], settings: Settings, commits: Commits
    ) -> PassReport | None:
        """One on the last good commit in the place of this one; None if there is none."""
        if self.last is None or self.last == commit or not self._is_good(self.last, settings):
            return None
        return self._pass(self.last, problems, settings, commits)

    def _problem(self, code: str, message: str, *, hint: str) -> Diagnostic:
        return Diagnostic(code=code, message=message, where=Where(f"branch {self.followed.branch}"), hint=hint)

    def _read_settings(self) -> CommitPlace:
        self._settings_mark = look_at_file(self.settings_file)
        self._place = self.refresh()
        return self._place

    def _settled(self, look: Look) -> CommitPlace:
        """The settings as the look saw them; raises Moved when the branch has to be looked at by other ones."""
        if self._place is not None and self._settings_mark == look.sources.get(self.settings_file):
            return self._place
        before = None if self._place is None else self._place.settings
        place = self._read_settings()
        if place.settings is None or before is None or place.settings.git != before.git:
            raise Moved((self.settings_file,))
        return place

    def _stand(self, settings: Settings, commits: Commits | None) -> Standing:
        """Where the branch stands, as far as it may be acted on. Mostly it is one commit further on."""
        last = self._last(settings)
        try:
            tip = self.followed.tip()
            is_next = tip == last or (commits is not None and last in commits.reader.parents(tip))
        except (BranchMissing, MissingObject) as missing:
            hint = "commit to it, push it again, or follow another"
            return self._held(str(missing), settings, code="branch-missing", hint=hint)
        if not (is_next or self._goes_on(last, tip, settings)):
            message = f"{self.followed.branch} was rewritten: {tip[:12]} does not follow {str(last)[:12]}"
            hint = f"look at what it changes, then: reconcile watch --accept-rewrite {tip[:12]}"
            if self.followed.repository.is_shallow():
                hint = f"its history is cut off here, which may be all: git fetch --unshallow; else {hint}"
            return self._held(message, settings, code="history-rewritten", hint=hint)
        refusal = self.refusal(tip, settings.git)
        if refusal:
            hint = "have it signed by one of the allowed signers, or commit on top of it"
            return self._held(refusal, settings, code="commit-refused", hint=hint)
        return Standing(commit=tip)

    def _goes_on(self, last: CommitId | None, tip: CommitId, settings: Settings) -> bool:
        if last is None or last == tip or self.followed.repository.is_ancestor(last, tip):
            return True
        self._remembered = False
        accepted = self._last(settings)
        return accepted == tip or (accepted != last and self._goes_on(accepted, tip, settings))

    def _held(self, message: str, settings: Settings, *, code: str, hint: str) -> Standing:
        """Nothing new is acted on; the last good commit is, if it is there and still trusted."""
        last = self._last(settings)
        return Standing(
            commit=last if last and self._is_good(last, settings) else None,
            problem=self._problem(code, message, hint=hint),
        )

    def _is_good(self, commit: CommitId, settings: Settings) -> bool:
        try:
            return bool(self.followed.repository.commit(commit)) and not self.refusal(commit, settings.git)
        except GitFault:
            return False

    def _last(self, settings: Settings) -> CommitId | None:
        """The commit the branch goes on from, as the state remembers it; raises StateError."""
        if not self._remembered:
            state = self.open_state(settings)
            try:
                self.last = self._latest(state)
            finally:
                state.close()
            self._remembered = True
        return self.last

    def _acted(self, commit: CommitId, settings: Settings) -> None:
        """From now on the branch goes on from here."""
        if self.write and commit != self.last:
            self.followed.keep(commit)
            state = self.open_state(settings)
            try:
                self.confirm(state)
                if self._was_accepted_meanwhile(state):
                    return
                state.follow(self.followed.branch, commit, replace(self.author(), commit=commit))
            finally:
                state.close()
        self.last = commit

    def _was_accepted_meanwhile(self, state: State) -> bool:
        """Whether somebody made the branch go on from elsewhere while the pass was made: that counts, not the pass."""
        if self._latest(state) in (None, self.last):
            return False
        self._remembered = False
        return True

    def _latest(self, state: State) -> CommitId | None:
        """The commit of the branch's latest event."""
        events = state.history(subject=of_branch(self.followed.branch), limit=1)
        return CommitId(events[0].detail) if events else None


def _standing(look: Look) -> Standing:
    commit, problem = look.manifests[BRANCH]
    if not (commit is None or isinstance(commit, str)) or not (problem is None or isinstance(problem, Diagnostic)):
        raise TypeError("a look of another watch")
    return Standing(commit=None if commit is None else CommitId(commit), problem=problem)
