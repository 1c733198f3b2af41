"""One line of the log: an object for programs, or words for people. Whatever came from data is made harmless."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from reconciler.model.diagnostics import Diagnostic
from reconciler.model.instants import Instant, format_instant
from reconciler.model.plan import Plan
from reconciler.model.working import (
    SendEvent,
    SendFailed,
    SendWaits,
    WorkerNotice,
    WorkerStarted,
    WorkerStopped,
    Working,
)
from reconciler.views.conclusion import all_ready, is_all_ready, sums
from reconciler.views.untrusted import render_untrusted
from reconciler.views.work import work_words
from reconciler.views.work_json import work_json


class Level(Enum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`event` says what kind of line it is, `message` what happened, `fields` the facts; None means absent."""

    level: Level = Level.INFO
    event: str = "notice"
    message: str
    fields: Mapping[str, object] = field(default_factory=dict)


def entry_json(entry: Entry, *, at: Instant) -> str:
    """One object on one line, ASCII alone; ends with a newline."""
    document = {
        "at": format_instant(at),
        "level": entry.level.value,
        "event": entry.event,
        "message": render_untrusted(entry.message),
        **{name: _harmless(value) for name, value in entry.fields.items()},
    }
    return json.dumps(document, separators=(",", ":")) + "\n"


def entry_text(entry: Entry, *, at: Instant) -> str:
    """When, how bad it is, and what happened, on each line of the message; ends with a newline."""
    head = f"{format_instant(at)}  {entry.level.value:<7}"
    return "".join(f"{head}  {render_untrusted(line)}\n" for line in entry.message.split("\n"))


def pass_entry(
    *,
    outcome: str,
    plan: Plan | None,
    commit: str | None,
    seconds: float | None = None,
    recorded: int = 0,
    moved: tuple[str, ...] = (),
    diagnostics: tuple[Diagnostic, ...] = (),
    error: str = "",
    news: bool = True,
) -> Entry:
    """A pass. One that says nothing new is for `--verbose`."""
    errors = sum(found.is_error for found in diagnostics)
    words = error or ("" if plan is None else all_ready(plan) if is_all_ready(plan) else sums(plan))
    return Entry(
        level=_LEVELS.get(outcome, Level.INFO) if news else Level.DEBUG,
        event="pass",
        message=f"pass {outcome}" + (f": {words}" if words else ""),
        fields={
            "outcome": outcome,
            "plan": None if plan is None else plan.id,
            "commit": commit,
            "seconds": None if seconds is None else round(seconds, 3),
            "recorded": recorded,
            "moved": list(moved[:10]),
            "errors": errors,
            "warnings": len(diagnostics) - errors,
            "pairs": None if plan is None else _pairs(plan),
        },
    )


def diagnostic_entries(fresh: tuple[Diagnostic, ...], mended: tuple[Diagnostic, ...]) -> Iterator[Entry]:
    """What is wrong now and was not, and what is not any more."""
    for found in fresh:
        level = Level.ERROR if found.is_error else Level.WARNING
        yield Entry(level=level, event="diagnostic", message=found.message, fields=_place(found))
    for found in mended:
        message = f"mended: {found.where.file}: {found.code}"
        yield Entry(event="mended", message=message, fields=_place(found))


def work_entry(event: Working) -> Entry:
    """What a worker tells: the keys of `work -o ndjson`."""
    facts = {name: value for name, value in work_json(event).items() if name not in _SAID}
    name = str(work_json(event)["event"])
    if not isinstance(event, WorkerStarted | WorkerNotice | WorkerStopped):
        name = f"send-{name}"
    facts = {("send" if key == "sendOnlyJob" else key): value for key, value in facts.items()}
    return Entry(level=_work_level(event), event=name, message=work_words(event), fields=facts)


_SAID = frozenset(("formatVersion", "kind", "at", "event", "text"))
_LEVELS = {
    "refused": Level.WARNING,
    "invalid": Level.WARNING,
    "held": Level.WARNING,
    "moved": Level.DEBUG,
    "failed": Level.ERROR,
}


def _work_level(event: WorkerStarted | WorkerNotice | SendEvent | WorkerStopped) -> Level:
    match event:
        case SendFailed():
            return Level.ERROR
        case SendWaits() | WorkerNotice():
            return Level.WARNING
        case _:
            return Level.INFO


def _pairs(plan: Plan) -> dict[str, int]:
    summary = plan.summary
    return {
        "required": summary.required,
        "ready": summary.ready,
        "inFlight": summary.in_flight,
        "missing": summary.missing,
        "blocked": summary.blocked,
    }


def _place(found: Diagnostic) -> dict[str, object]:
    return {
        "code": found.code,
        "file": found.where.file,
        "line": found.where.line,
        "column": found.where.column,
        "path": found.path,
        "hint": found.hint,
    }


def _harmless(value: object) -> object:
    """The value, with every text in it rendered."""
    match value:
        case str():
            return render_untrusted(value)
        case list() | tuple():
            return [_harmless(one) for one in value]
        case dict():
            return {render_untrusted(str(key)): _harmless(one) for key, one in value.items()}
        case _:
            return value
