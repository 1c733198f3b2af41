"""`--base`: what a change of manifests does to the plan."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.cli.exits import CommandError, Exit, strongest
from reconciler.cli.options import Options, Output

if TYPE_CHECKING:
    from reconciler.cli.report import Render
    from reconciler.cli.workplace import Workplace
    from reconciler.model.review import Base, Review

OUTPUTS = (Output.TEXT, Output.JSON, Output.MARKDOWN)


def check_reviewing(options: Options, *, write: bool, out: str | None = None) -> None:
    """Raise CommandError for what a review cannot do: it records nothing, and is no plan that could be."""
    if write and not options.dry_run:
        hint = f"reconcile plan --base {options.base}, or reconcile --dry-run --base {options.base}"
        raise CommandError("--base shows what a change does and records nothing", code=Exit.USAGE, hint=hint)
    if out is not None:
        raise CommandError(
            "--out saves a plan, and --base makes none", code=Exit.USAGE, hint=f"--report json={out} saves the review"
        )


def review_change(options: Options, paths: Sequence[str], revision: str) -> int:
    """Tell what the manifests of now, or of `--rev`, change in the plan of those of `revision`. Writes nothing."""
    from reconciler.cli.narrowing import narrowing
    from reconciler.cli.outcome import exit_code
    from reconciler.cli.report import deliver, detail, report_all
    from reconciler.cli.revisions import manifests_of
    from reconciler.cli.trust import check_files
    from reconciler.cli.workplace import work_in
    from reconciler.engine.reviewing import Unsteady, review_fleets
    from reconciler.engine.scope import NothingMatches

    options.only(*OUTPUTS)
    narrow = narrowing(options)
    place = work_in(options, paths)
    check_files(place, write=False)
    base = _base(place, revision)
    detail(options, f"base {base.commit} ({base.taken.value}), asked for as {revision}")
    state = place.open_state(write=False)
    try:
        after = place.read_fleet()
        report_all(after, options)
        before = manifests_of(place.commits, base.commit, place.commits.reader.repository, base.commit).read()
        made = review_fleets(
            before, after, state, base=base, guards=place.settings.guards, at=place.now(), narrowing=narrow
        )
    except NothingMatches as error:
        raise CommandError(str(error), code=Exit.USAGE) from None
    except Unsteady as error:
        raise CommandError(str(error), code=Exit.TRY_AGAIN, hint="run it again") from None
    finally:
        state.close()
    deliver(options, _renderer(made, options, place))
    code = exit_code(made.after, options, pending=False, invalid=after.has_errors)
    changes = options.detailed_exitcode and made.has_changes
    return strongest((code, Exit.CHANGES) if changes else (code,))


def _base(place: "Workplace", revision: str) -> "Base":
    """The commit to compare with: where the histories part, so that what others merged since is no part of it."""
    from reconciler.cli.revisions import commit_called, repository_of
    from reconciler.model.review import Base, Taken

    if place.revision is None:
        repository_of(place, option="--base")
    repository = place.commits.reader.repository
    asked = commit_called(place, revision, option="--base")
    head = commit_called(place, place.revision or "HEAD")
    parted = repository.merge_base(asked, head)
    if parted is None:
        taken = Taken.SHALLOW if repository.is_shallow() else Taken.UNRELATED
        return Base(revision=revision, commit=asked, taken=taken)
    return Base(revision=revision, commit=parted, taken=Taken.ITSELF if parted == asked else Taken.MERGE_BASE)


def _renderer(review: "Review", options: Options, place: "Workplace") -> "Render":
    def render(output: Output, color: bool) -> str:
        if output is Output.JSON:
            from reconciler.cli.report import as_json
            from reconciler.views.review_json import review_json

            return as_json(review_json(review))
        if output is Output.MARKDOWN:
            from reconciler.views.review_markdown import review_markdown

            return review_markdown(review, limits=place.limits)
        from reconciler.views.review_text import review_text

        return review_text(review, show_all=options.show is not None, color=color, limits=place.limits)

    return render
