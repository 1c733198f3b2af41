"""The log of `work` and of `watch`: JSON where no terminal is, everything in it; standard output stays the result."""

import json
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.logs import log_told, log_work, staying
from reconciler.cli.options import LogFormat, Options
from reconciler.cli.report import say
from reconciler.engine.news import Notice, Passed, StillChanging
from reconciler.engine.passes import Outcome, PassReport
from reconciler.model.diagnostics import Diagnostic, Where
from tests.cli.conftest import Reconcile
from tests.views.working import progress

JSON, TEXT = Options(log_format=LogFormat.JSON, stays=True), Options(log_format=LogFormat.TEXT, stays=True)
ERROR = Diagnostic(code="x", message="m", where=Where("a.yaml"))


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_the_log_of_work_is_json_if_asked(reconcile: Reconcile, fleet: Path) -> None:
    for site in ("EU1", "DE1"):
        (fleet / "stores" / site).mkdir(parents=True)
    reconcile("apply")
    ended = reconcile("work", "--until-idle", "--log-format", "json")
    lines = [json.loads(line) for line in ended.err.splitlines()]
    arrived = [line for line in lines if line["event"] == "send-arrived"]
    assert {line["site"] for line in arrived} == {"EU1", "DE1"}
    assert all({"at", "level", "event", "message"} <= line.keys() for line in lines)
    assert lines[0]["event"] == "worker-started"
    assert lines[-1]["event"] == "worker-stopped"
    assert ended.out.count("arrived") >= 2


def test_the_log_of_work_is_what_it_prints(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply")
    ended = reconcile("work", "--until-idle")
    assert ended.err == ""
    assert reconcile("work", "--until-idle", "-q").err == ""


def test_it_is_text_on_a_terminal() -> None:
    primary, terminal = pty.openpty()
    code = (
        "from reconciler.cli.logs import staying; from reconciler.cli.options import Options; "
        "print(staying(Options()).log_format.value)"
    )
    told = [
        subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=error, text=True, check=True).stdout
        for error in (terminal, subprocess.PIPE)
    ]
    os.close(terminal)
    os.close(primary)
    assert told == ["text\n", "json\n"]


def test_what_was_asked_for_wins() -> None:
    assert staying(Options(log_format=LogFormat.TEXT)) == TEXT
    assert staying(Options(log_format=LogFormat.JSON)) == JSON


def test_what_a_loop_tells_is_logged_whole(capsys: pytest.CaptureFixture[str]) -> None:
    report = PassReport(outcome=Outcome.INVALID, diagnostics=(ERROR,))
    assert log_told(JSON, Passed(report=replace(report, seconds=0.5), fresh=(ERROR,), mended=(ERROR,)))
    assert log_told(JSON, StillChanging(paths=("a", "b"), seconds=60))
    assert log_told(JSON, Notice(text="events were lost"))
    assert [line["event"] for line in logged(capsys)] == ["pass", "diagnostic", "mended", "still-changing", "notice"]


def test_a_pass_that_is_no_news_is_for_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    old = Passed(report=PassReport(outcome=Outcome.DONE), news=False)
    log_told(JSON, old)
    assert logged(capsys) == []
    log_told(Options(log_format=LogFormat.JSON, verbose=True), old)
    assert [line["level"] for line in logged(capsys)] == ["debug"]


def test_in_text_nothing_is_said_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert not log_told(TEXT, Notice(text="events were lost"))
    assert not log_work(TEXT, progress("till@DE1", 1, 2))
    assert capsys.readouterr().err == ""


def test_how_far_a_send_is_is_no_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert log_work(JSON, progress("till@DE1", 1, 2))
    assert logged(capsys) == []


def test_what_is_said_besides_has_its_event_and_facts(capsys: pytest.CaptureFixture[str]) -> None:
    say(JSON, "cannot fetch\x1b", level="warning", event="fetch", url="x\ny")
    (line,) = logged(capsys)
    assert (line["level"], line["event"], line["message"], line["url"]) == (
        "warning",
        "fetch",
        "cannot fetch\\x1b",
        "x\\ny",
    )
    say(TEXT, "fetching works again")
    assert capsys.readouterr().err.endswith("Z  info     fetching works again\n")
    for said in (None, LogFormat.TEXT):
        say(Options(log_format=said), "as it is")
        assert capsys.readouterr().err == "as it is\n"
    say(Options(log_format=LogFormat.JSON, quiet=True), "nothing")
    assert capsys.readouterr().err == ""
