"""A plan for people (cli.md): one block per job, then the sums, then what to do next."""

from collections.abc import Sequence

from reconciler.model.plan import JobVerdict, Plan, PlanSource
from reconciler.model.quantities import format_duration
from reconciler.views.block_text import arrange, block_lines, widths
from reconciler.views.blocks import Block, blocks
from reconciler.views.conclusion import READY_MEANS, all_ready, is_all_ready, jobs_line, next_line, sums
from reconciler.views.counts import count
from reconciler.views.paint import Ink, paint
from reconciler.views.refusal import NOWHERE, Limits, refusal_lines
from reconciler.views.untrusted import render_untrusted

MOST_BLOCKS = 40
"""More jobs than these are told together."""

_MOST_READY = 20


def plan_text(
    plan: Plan,
    *,
    show_all: bool = False,
    color: bool = False,
    written: bool,
    already: bool = False,
    limits: Limits = NOWHERE,
    revision: str | None = None,
) -> str:
    """The plan as lines; `limits` says where those of the guards are set.

    `written` says whether it was recorded, `already` whether the state knew all of it before; `revision` is what was
    asked for by `--rev`.
    """
    lines = [header(plan), *scope_lines(plan, color=color), ""]
    if is_all_ready(plan) and not show_all:
        return _joined([*lines[:-1], all_ready(plan)])
    every = blocks(plan, show_all=show_all)
    told = body_lines(plan, every, show_all=show_all, color=color)
    refusal = refusal_lines(plan, color=color, limits=limits)
    lines += [*told, ""] if told else []
    lines += [*refusal, ""] if refusal else []
    lines.append(all_ready(plan) if is_all_ready(plan) else sums(plan))
    lines += [jobs_line(plan), READY_MEANS] if plan.jobs else []
    lines.append(next_line(plan, every, written=written, already=already, revision=revision))
    return _joined(lines)


def header(plan: Plan) -> str:
    """`git 3f9c2ab (main, clean): 14 sites, 3 packages, 3 jobs    state: sqlite, verified 2 min ago`."""
    summary = plan.summary
    size = f"{count(summary.sites, 'site')}, {count(summary.packages, 'package')}, {count(summary.jobs, 'job')}"
    oldest = plan.state.oldest_verification
    age = "no ready pair yet" if oldest is None else f"verified {format_duration(plan.created_at - oldest)} ago"
    return f"{_source(plan.source)}: {size}    state: {render_untrusted(plan.state.kind)}, {age}"


def _source(source: PlanSource) -> str:
    if source.commit is None:
        return f"files {render_untrusted(source.fleet_digest.removeprefix('sha256:')[:7])} (no commit)"
    branch = render_untrusted(source.branch) if source.branch is not None else "no branch"
    return f"git {render_untrusted(source.commit[:7])} ({branch}, {'dirty' if source.dirty else 'clean'})"


def scope_lines(plan: Plan, *, color: bool) -> list[str]:
    """What the plan leaves out, and why: its filters, and manifests with errors (L35)."""
    lines = []
    if plan.is_partial:
        only = ", ".join(render_untrusted(narrowed) for narrowed in plan.filters)
        lines.append(f"Partial: only {only}; outside of it nothing is sent, cancelled or removed.")
    errors = sum(diagnostic.is_error for diagnostic in plan.diagnostics)
    if errors:
        told = f"{count(errors, 'error')} in the manifests: this is the plan of the valid objects."
        lines.append(f"{paint(told, Ink.BOLD_RED, color=color)} Nothing is made obsolete or removed meanwhile.")
    return lines


def body_lines(plan: Plan, every: Sequence[Block], *, show_all: bool, color: bool) -> list[str]:
    """The lines of all blocks; very many jobs are told together, those that wait and those that are ready."""
    ready = [block for block in every if block.verdict is JobVerdict.READY]
    told, line = list(every), ""
    if not show_all:
        waiting = [block for block in every if block.verdict not in (JobVerdict.READY, None)]
        jobless = [block for block in every if block.verdict is None]
        together = len(ready) > _MOST_READY
        told = _limited(waiting) + ([] if together else ready) + jobless
        line = _all_of(ready) if together else ""
    arranged = arrange(told, show_all=show_all)
    wide = widths(arranged, plan.created_at)
    lines = [line for shown in arranged for line in block_lines(shown, wide=wide, now=plan.created_at, color=color)]
    return [*lines, paint(line, Ink.DIM, color=color)] if line else lines


def _all_of(ready: Sequence[Block]) -> str:
    pairs = sum(block.ready for block in ready)
    return f"= {count(len(ready), 'job')} ready ({pairs:,} of {count(pairs, 'pair')})"


def _limited(waiting: Sequence[Block]) -> list[Block]:
    """The first blocks as they are, the rest as one whose rows are folded."""
    if len(waiting) <= MOST_BLOCKS:
        return list(waiting)
    rest = waiting[MOST_BLOCKS:]
    rows = tuple(sorted((row for block in rest for row in block.rows), key=lambda row: row.order))
    more = Block(
        name="...",
        purpose=f"and {count(len(rest), 'job')} more, see --show all",
        status=count(sum(row.counted for row in rows), "pair"),
        verdict=None,
        rows=rows,
        ready=sum(block.ready for block in rest),
        outside=sum(block.outside for block in rest),
        crowded=True,
    )
    return [*waiting[:MOST_BLOCKS], more]


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
