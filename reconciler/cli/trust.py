"""`git.requireSigned` on the command line: which commits, files and saved plans may be acted on."""

from typing import TYPE_CHECKING

from reconciler.cli.exits import CommandError, Exit

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace
    from reconciler.git.repository import Repository
    from reconciler.model.commits import CommitId
    from reconciler.model.diagnostics import Diagnostic
    from reconciler.model.plan import Plan
    from reconciler.state.protocol import State

_UNSIGNED = "the settings ask for signed commits; uncommitted files have no signature"
_HINT = "use --rev HEAD"


def check_commit(place: "Workplace", repository: "Repository", commit: "CommitId") -> None:
    """Raise CommandError unless the commit may be acted on, or looked at by a plan that may be."""
    git = place.settings.git
    if not git.require_signed:
        return
    from reconciler.engine.trust import refusal

    reason = refusal(repository, commit, git)
    if reason:
        raise CommandError(reason, code=Exit.NO, hint=f"who may sign: git.allowedSigners of {place.settings_file}")


def check_files(place: "Workplace", *, write: bool) -> None:
    """Raise CommandError if files are to be acted on where commits must be signed; say so if they are only read."""
    if not place.settings.git.require_signed or place.revision is not None:
        return
    if write:
        raise CommandError(_UNSIGNED, code=Exit.NO, hint=_HINT)
    from reconciler.cli.report import say

    say(place.options, f"warning: {_UNSIGNED}, so nothing of this can be recorded; {_HINT}", level="warning")


def unsigned_files(place: "Workplace") -> "Diagnostic":
    """The same of a watch of files whose settings came to ask for signed commits."""
    from reconciler.model.diagnostics import Diagnostic, Where

    return Diagnostic(
        code="commit-refused",
        message=_UNSIGNED,
        where=Where(place.settings_file or ""),
        hint="watch commits: no --files",
    )


def trusted(place: "Workplace", plan: "Plan", state: "State") -> "Plan":
    """A saved plan, or where commits must be signed the same made anew; raises CommandError.

    What a file says of its commit is a claim: the commit is checked, and planned again.
    """
    if not place.settings.git.require_signed:
        return plan
    from reconciler.engine.reconcile import plan_fleet
    from reconciler.model.commits import CommitId

    anew = "plan anew: reconcile plan --rev HEAD --out FILE"
    if plan.source.commit is None or plan.source.dirty:
        raise CommandError("the settings ask for signed commits; this plan is of files", code=Exit.NO, hint=anew)
    if plan.is_partial:
        raise CommandError(
            "the settings ask for signed commits; a narrowed plan cannot be compared with its commit",
            code=Exit.NO,
            hint="apply the commit, narrowed the same: reconcile --rev COMMIT",
        )
    check_commit(place, place.commits.reader.repository, CommitId(plan.source.commit))
    read = place.manifests_at(plan.source.commit).read()
    made = plan_fleet(read, state, guards=place.settings.guards, at=place.now()).plan
    if made.id != plan.id:
        what = f"{plan.id} is not, or not any more, the plan of commit {plan.source.commit[:12]}: that is {made.id}"
        raise CommandError(what, code=Exit.TRY_AGAIN, hint=anew)
    return made
