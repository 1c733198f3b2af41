"""A plan for a comment on a pull request: sums, guards, and each job folded away; never too long to be posted.

Data stands in code only, where neither Markdown nor HTML, a mention nor a link is read: in spans and fences longer than
any run of backticks in them, and escaped in `<code>` where HTML is needed. None stands in a table, whose cells can be
broken out of.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape

from reconciler.model.diagnostics import Diagnostic
from reconciler.model.plan import JobVerdict, Plan
from reconciler.views.block_text import arrange, block_lines, widths
from reconciler.views.blocks import Block, blocks
from reconciler.views.conclusion import READY_MEANS, all_ready, is_all_ready, jobs_line, sums
from reconciler.views.counts import count
from reconciler.views.plan_text import header, scope_lines
from reconciler.views.refusal import NOWHERE, Limits, refusal_lines
from reconciler.views.untrusted import render_untrusted

LONGEST = 60_000
"""Characters; GitHub takes 65,536."""

_MOST_DIAGNOSTICS = 50
_LONGEST_LINE = 400
_ROOM_FOR_TRUNCATION = 300


def plan_markdown(plan: Plan, *, limits: Limits = NOWHERE) -> str:
    """GitHub-flavoured Markdown, at most `LONGEST` characters; what is cut is said and counted."""
    head = [_title(plan), *_guards(plan, limits), *_sums(plan), *_diagnostics(plan.diagnostics)]
    every = [block for block in blocks(plan, show_all=False) if block.verdict is not JobVerdict.READY]
    details = _details(plan, every)
    return fitting(head, details, whole="the whole plan: `reconcile plan`")


def code(text: str) -> str:
    """`text` as a code span."""
    text = _short(render_untrusted(text))
    fence = "`" * (1 + _longest_run(text))
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def fenced(lines: Iterable[str]) -> str:
    """Lines in a code block that nothing in them can end."""
    text = "\n".join(map(_short, lines))
    fence = "`" * max(3, 1 + _longest_run(text))
    return f"{fence}text\n{text}\n{fence}"


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _title(plan: Plan) -> str:
    state = "refused" if plan.refused else "changes" if plan.has_changes else "no changes"
    return f"### Plan {code(plan.id)}: {state}\n\n{fenced([header(plan), *scope_lines(plan, color=False)])}"


def _guards(plan: Plan, limits: Limits) -> list[str]:
    lines = refusal_lines(plan, color=False, limits=limits)
    return [fenced(lines)] if lines else []


def _sums(plan: Plan) -> list[str]:
    if is_all_ready(plan):
        return [fenced([all_ready(plan)])]
    summary = plan.summary
    numbers = (
        ("required pairs", summary.required),
        ("ready", summary.ready),
        ("in flight", summary.in_flight),
        ("missing", summary.missing),
        ("blocked", summary.blocked),
        ("send-only jobs", summary.send_only_jobs),
    )
    table = (
        "| " + " | ".join(name for name, _ in numbers) + " |\n"
        "|" + " ---: |" * len(numbers) + "\n"
        "| " + " | ".join(f"{number:,}" for _, number in numbers) + " |"
    )
    return [table, fenced([sums(plan), jobs_line(plan), READY_MEANS])]


def _diagnostics(diagnostics: Sequence[Diagnostic]) -> list[str]:
    if not diagnostics:
        return []
    told = sorted(diagnostics, key=lambda each: (not each.is_error, each.order))
    lines = [_diagnostic_line(each) for each in told[:_MOST_DIAGNOSTICS]]
    if len(told) > len(lines):
        lines.append(f"{count(len(told) - len(lines), 'diagnostic')} more, see: reconcile validate")
    return [fenced(lines)]


def _diagnostic_line(diagnostic: Diagnostic) -> str:
    where = diagnostic.where
    told = f"{where.file}:{where.line}:{where.column}: {diagnostic.severity.value}[{diagnostic.code}]"
    return render_untrusted(f"{told}: {diagnostic.message}")


def _details(plan: Plan, every: Sequence[Block]) -> list[str]:
    arranged = arrange(every, show_all=False)
    wide = widths(arranged, plan.created_at)
    return [
        folded(
            shown.block.name,
            shown.block.purpose,
            shown.block.status,
            block_lines(shown, wide=wide, now=plan.created_at, color=False)[1:],
        )
        for shown in arranged
    ]


def folded(name: str, purpose: str, status: str, lines: Iterable[str]) -> str:
    """Lines that a click unfolds, beneath what they are about."""
    about = f"<code>{escape(_short(name))}</code> <code>{escape(_short(purpose))}</code>: {escape(status)}"
    return f"<details><summary>{about}</summary>\n\n{fenced(lines)}\n\n</details>"


def fitting(head: Sequence[str], details: Sequence[str], *, whole: str) -> str:
    """As many details as fit, whole; the rest is counted, and `whole` is the command that shows it."""
    text = "\n\n".join(head) + "\n"
    shown = 0
    for detail in details:
        if len(text) + len(detail) + 2 > LONGEST - _ROOM_FOR_TRUNCATION:
            break
        text += f"\n{detail}\n"
        shown += 1
    if shown < len(details):
        text += f"\nTruncated: {count(len(details) - shown, 'section')} not shown; {whole}.\n"
    return text
