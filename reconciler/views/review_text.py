"""A review for people: what a change of manifests does to the plan, job by job, then its sums."""

from collections.abc import Sequence

from reconciler.model.review import Review
from reconciler.views.block_text import STATUS_INKS, Unfolded, Widths, arrange, block_lines, widths
from reconciler.views.cells import cells, left
from reconciler.views.paint import Ink, paint
from reconciler.views.plan_text import MOST_BLOCKS, header, scope_lines
from reconciler.views.refusal import NOWHERE, Limits, refusal_lines
from reconciler.views.review_blocks import Group, groups, together
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

_MOST_DIAGNOSTICS = 20


def review_text(review: Review, *, show_all: bool = False, color: bool = False, limits: Limits = NOWHERE) -> str:
    """The review as lines; `limits` says where those of the guards are set."""
    lines = [base_line(review), f"head {header(review.after)}"]
    lines += [*base_notes(review), *scope_lines(review.after, color=color), ""]
    told = group_lines(review, show_all=show_all, color=color)
    lines += [*told, ""] if told else []
    diagnostics = _diagnostics(review, show_all=show_all)
    lines += [*diagnostics, ""] if diagnostics else []
    guards = guards_line(review)
    refusal = [*([guards] if guards else []), *refusal_lines(review.after, color=color, limits=limits)]
    lines += [*refusal, ""] if refusal else []
    lines.append(paint(conclusion(review), Ink.BOLD, color=color))
    lines += [line for line in (travel_line(review), jobs_changed(review)) if line] if review.has_changes else []
    lines.append("Nothing was written.")
    return "".join(f"{line}\n" for line in lines)


def group_lines(review: Review, *, show_all: bool, color: bool) -> list[str]:
    """The lines of all groups; very many jobs are told together."""
    every = groups(review)
    if len(every) > MOST_BLOCKS and not show_all:
        every = (*every[:MOST_BLOCKS], together(every[MOST_BLOCKS:]))
    now = review.after.created_at
    arranged = [arrange(group.parts, show_all=show_all) for group in every]
    wide = widths([shown for parts in arranged for shown in parts], now)
    name, purpose = (max((cells(text) for text in texts), default=0) for texts in _titles(every))
    lines = []
    for group, parts in zip(every, arranged, strict=True):
        status = paint(group.status, STATUS_INKS[group.verdict], color=color) if group.verdict else group.status
        padded = paint(group.name, Ink.BOLD, color=color) + " " * (name - cells(group.name))
        lines.append(f"{padded}  {left(group.purpose, purpose)}     {status}")
        lines += [line for shown in parts for line in part_lines(shown, review, wide=wide, color=color)]
    return lines


def part_lines(shown: Unfolded, review: Review, *, wide: Widths, color: bool) -> list[str]:
    """The heading, and beneath it the rows as a plan has them."""
    rows = block_lines(shown, wide=wide, now=review.after.created_at, color=color)[1:]
    return [f" {shown.block.name}", *(f" {row}" for row in rows)]


def _titles(every: Sequence[Group]) -> tuple[list[str], list[str]]:
    return [group.name for group in every], [group.purpose for group in every]


def _diagnostics(review: Review, *, show_all: bool) -> list[str]:
    lines = [
        *(diagnostic_line(each, "+") for each in review.introduced),
        *(diagnostic_line(each, "-") for each in review.mended),
    ]
    most = len(lines) if show_all else _MOST_DIAGNOSTICS
    more = [f"  and {len(lines) - most:,} more, see --show all"] if len(lines) > most else []
    return [diagnostics_title(review), *(f"  {line}" for line in lines[:most]), *more] if lines else []
