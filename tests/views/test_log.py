"""Lines of the log: facts for programs, words for people, nothing that acts."""

import json
from typing import Any

import pytest

from reconciler.model.diagnostics import Diagnostic, Severity, Where
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause
from reconciler.model.working import (
    SendArrived,
    SendFailed,
    SendGaveWay,
    SendPutBack,
    SendStarted,
    SendWaits,
    StopReason,
    WorkerNotice,
    WorkerStarted,
    WorkerStopped,
    Working,
)
from reconciler.views.log import Entry, Level, diagnostic_entries, entry_json, entry_text, pass_entry, work_entry
from tests.builders import NOW, plan, planned, send_only_job
from tests.views.working import WORKER, send

HOSTILE = "a\x1b[31m\u202eb\nc"
SENT = send("till@DE1")


def parsed(entry: Entry) -> dict[str, Any]:
    text = entry_json(entry, at=NOW)
    assert text.isascii()
    assert text.count("\n") == 1
    return json.loads(text)


def test_a_line_says_when_how_bad_what_kind_and_what() -> None:
    line = parsed(Entry(level=Level.WARNING, event="fetch", message="no route", fields={"seconds": 1.5, "why": None}))
    assert line == {
        "at": "2026-11-24T15:02:00Z",
        "level": "warning",
        "event": "fetch",
        "message": "no route",
        "seconds": 1.5,
        "why": None,
    }
    assert entry_text(Entry(message="no route"), at=NOW) == "2026-11-24T15:02:00Z  info     no route\n"


def test_nothing_from_data_acts_on_whoever_reads_it() -> None:
    entry = Entry(message=HOSTILE, fields={"a": HOSTILE, "b": [HOSTILE], "c": {HOSTILE: HOSTILE}})
    texts = [parsed(entry)["message"], parsed(entry)["a"], *parsed(entry)["b"], *parsed(entry)["c"].values()]
    assert texts == ["a\\x1b[31m\\u202eb\\nc"] * 4
    assert entry_text(Entry(message=HOSTILE), at=NOW).splitlines() == [
        "2026-11-24T15:02:00Z  info     a\\x1b[31m\\u202eb",
        "2026-11-24T15:02:00Z  info     c",
    ]


def test_a_pass_tells_its_plan_commit_time_and_counts() -> None:
    made = plan(send_only_job("till", "D1 S1", [planned("DE1")]))
    error = Diagnostic(code="x", message="m", where=Where("a.yaml"))
    line = parsed(
        pass_entry(outcome="invalid", plan=made, commit="3f9c2ab", seconds=0.12345, recorded=1, diagnostics=(error,))
    )
    assert (line["level"], line["event"], line["plan"], line["commit"]) == ("warning", "pass", made.id, "3f9c2ab")
    assert (line["seconds"], line["recorded"], line["errors"], line["warnings"]) == (0.123, 1, 1, 0)
    assert set(line["pairs"]) == {"required", "ready", "inFlight", "missing", "blocked"}
    failed = pass_entry(outcome="failed", plan=None, commit=None, error="the state is locked")
    assert (failed.level, failed.message) == (Level.ERROR, "pass failed: the state is locked")
    assert pass_entry(outcome="done", plan=made, commit=None, news=False).level is Level.DEBUG


def test_a_diagnostic_is_a_line_and_so_is_its_end() -> None:
    error = Diagnostic(code="x", message="m", where=Where("a.yaml", 3, 4), path="spec.a", hint="h")
    warning = Diagnostic(code="y", message="n", where=Where("b.yaml"), severity=Severity.WARNING)
    lines = [parsed(entry) for entry in diagnostic_entries((error, warning), (error,))]
    assert [(line["level"], line["event"]) for line in lines] == [
        ("error", "diagnostic"),
        ("warning", "diagnostic"),
        ("info", "mended"),
    ]
    assert {name: lines[0][name] for name in ("code", "file", "line", "column", "path", "hint", "message")} == {
        "code": "x",
        "file": "a.yaml",
        "line": 3,
        "column": 4,
        "path": "spec.a",
        "hint": "h",
        "message": "m",
    }


@pytest.mark.parametrize(
    ("event", "name", "level"),
    [
        (WorkerStarted(at=NOW, worker=WORKER, slots=2), "worker-started", "info"),
        (WorkerNotice(at=NOW, text="no state"), "worker-notice", "warning"),
        (WorkerStopped(at=NOW, worker=WORKER, reason=StopReason.SIGNAL, seconds=7), "worker-stopped", "info"),
        (SendStarted(at=NOW, send=SENT), "send-started", "info"),
        (SendArrived(at=NOW, send=SENT, bytes=Bytes(7), seconds=1, proof="read-back"), "send-arrived", "info"),
        (SendWaits(at=NOW, send=SENT, cause=Cause.NETWORK, detail="x", until=NOW), "send-waits", "warning"),
        (SendFailed(at=NOW, send=SENT, cause=Cause.PERMISSION, detail="x"), "send-failed", "error"),
        (SendGaveWay(at=NOW, send=SENT, detail="x"), "send-gave-way", "info"),
        (SendPutBack(at=NOW, send=SENT, bytes_done=Bytes(7)), "send-put-back", "info"),
    ],
)
def test_each_event_of_a_worker_has_its_name_and_level(event: Working, name: str, level: str) -> None:
    line = parsed(work_entry(event))
    assert (line["event"], line["level"]) == (name, level)
    assert line["at"] == "2026-11-24T15:02:00Z"
    assert line["message"]
    if name.startswith("send-"):
        assert (line["package"], line["site"], line["send"], line["attempt"]) == ("till", "DE1", SENT.job, 1)
        assert "DE1" in line["message"]
