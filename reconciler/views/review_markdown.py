"""A review for a comment on a pull request, which a pipeline finds again by `MARKER` and replaces.

As in the comment of a plan, data stands in code alone, and what does not fit is counted.
"""

from collections.abc import Sequence

from reconciler.model.plan import JobVerdict, Plan
from reconciler.model.quantities import format_size
from reconciler.model.review import Review, tripped
from reconciler.views.block_text import arrange, widths
from reconciler.views.counts import count
from reconciler.views.plan_markdown import fenced, fitting, folded
from reconciler.views.plan_text import header, scope_lines
from reconciler.views.refusal import NOWHERE, Limits, refusal_lines
from reconciler.views.review_blocks import Group, groups
from reconciler.views.review_text import part_lines
from reconciler.views.review_words import (
    base_line,
    base_notes,
    conclusion,
    diagnostic_line,
    diagnostics_title,
    guards_line,
    jobs_changed,
    travel_line,
)

MARKER = "<!-- reconcile:review -->"
"""The first line: readers do not see it, pipelines know their own comment by it."""

_MOST_DIAGNOSTICS = 40
_MOST_NAMED = 40


def review_markdown(review: Review, *, limits: Limits = NOWHERE) -> str:
    """GitHub-flavoured Markdown, at most `plan_markdown.LONGEST` characters."""
    head = [
        f"{MARKER}\n### {conclusion(review)}",
        *([_table(review.before, review.after)] if review.has_changes else []),
        fenced(_about(review)),
        *_guards(review, limits),
        *_diagnostics(review),
    ]
    return fitting(head, _details(review), whole="the whole review: `reconcile plan --base REVISION`")


def _about(review: Review) -> list[str]:
    lines = [base_line(review), f"head {header(review.after)}"]
    lines += [*base_notes(review), *scope_lines(review.after, color=False)]
    return lines + [line for line in (travel_line(review), jobs_changed(review)) if line and review.has_changes]


def _table(before: Plan, after: Plan) -> str:
    rows = ["| | before | after |", "| :--- | ---: | ---: |"]
    rows += [
        f"| {name} | {was} | {becomes if was == becomes else f'**{becomes}**'} |"
        for (name, was), (_, becomes) in zip(_numbers(before), _numbers(after), strict=True)
        if (was, becomes) != ("0", "0")
    ]
    return "\n".join(rows)


def _numbers(plan: Plan) -> Sequence[tuple[str, str]]:
    summary = plan.summary
    ready = sum(job.verdict is JobVerdict.READY for job in plan.jobs)
    return (
        ("jobs ready", f"{ready:,} of {len(plan.jobs):,}"),
        ("pairs ready", f"{summary.ready:,} of {summary.required:,}"),
        ("pairs to send to", f"{summary.missing:,}"),
        ("pairs in flight", f"{summary.in_flight:,}"),
        ("pairs blocked", f"{summary.blocked:,}"),
        ("open sends cancelled", f"{summary.cancellations:,}"),
        ("sites forgotten", f"{len(plan.removals):,}"),
        ("to travel at most", format_size(summary.bytes)),
        ("guards that refuse", f"{sum(tripped(guard) for guard in plan.guards):,}"),
        ("errors", f"{sum(diagnostic.is_error for diagnostic in plan.diagnostics):,}"),
    )


def _guards(review: Review, limits: Limits) -> list[str]:
    changed = guards_line(review)
    lines = [*([changed] if changed else []), *refusal_lines(review.after, color=False, limits=limits)]
    return [fenced(lines)] if lines else []


def _diagnostics(review: Review) -> list[str]:
    """Errors introduced first: what is mended may be cut."""
    introduced = sorted(review.introduced, key=lambda each: (not each.is_error, each.order))
    lines = [diagnostic_line(each, "+") for each in introduced] + [diagnostic_line(each, "-") for each in review.mended]
    if not lines:
        return []
    shown = lines[:_MOST_DIAGNOSTICS]
    more = len(lines) - len(shown)
    told = [f"{count(more, 'diagnostic')} more, see: reconcile validate"] if more else []
    return [fenced([diagnostics_title(review), *shown, *told])]


def _details(review: Review) -> list[str]:
    every = groups(review)
    arranged = [arrange(group.parts, show_all=False) for group in every]
    wide = widths([shown for parts in arranged for shown in parts], review.after.created_at)
    return [
        folded(
            group.name,
            group.purpose,
            group.status,
            [line for shown in parts for line in part_lines(shown, review, wide=wide, color=False)],
        )
        for group, parts in zip(every, arranged, strict=True)
        if parts
    ] + _without_lines([group for group in every if not group.parts])


def _without_lines(every: Sequence[Group]) -> list[str]:
    """Jobs that change without a line of the plan, together."""
    if not every:
        return []
    lines = [f"  {group.name}  {group.purpose}     {group.status}" for group in every[:_MOST_NAMED]]
    more = [f"  and {len(every) - len(lines):,} more"] if len(every) > len(lines) else []
    return [folded(count(len(every), "job"), "no line of the plan", "otherwise changed", [*lines, *more])]
