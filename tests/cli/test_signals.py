"""What a command that stays makes of signals."""

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from reconciler.cli import signals
from reconciler.cli.signals import PATIENCE, Signals

FOREVER = 30.0

AT_A_TERMINAL = """
import os, sys
from reconciler.cli.signals import Signals
os.open(sys.argv[1], os.O_RDWR)  # the terminal of the session that this process leads
with Signals() as signals:
    print("ready", flush=True)
    while not signals.is_asked():
        signals.wait(60)
        if signals.reload_asked():
            print("reload", flush=True)
sys.exit(signals.exit_code)
"""


@pytest.fixture
def entered() -> Iterator[Signals]:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)]
    with Signals() as entered:
        yield entered
    after = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)]
    assert after == before
    assert signal.alarm(0) == 0


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_first_signal_asks_to_stop_and_says_how_it_ends(entered: Signals, number: int, code: int) -> None:
    assert (entered.is_asked(), entered.exit_code, entered.left()) == (False, 0, PATIENCE)
    send(number)
    assert (entered.is_asked(), entered.exit_code) == (True, code)
    assert 0 < entered.left() <= PATIENCE
    send(signal.SIGTERM)
    send(signal.SIGINT)
    assert entered.exit_code == code


def test_sighup_asks_once_to_read_the_settings_again(entered: Signals) -> None:
    assert not entered.reload_asked()
    send(signal.SIGHUP)
    send(signal.SIGHUP)
    assert entered.reload_asked()
    assert not entered.reload_asked()
    assert not entered.is_asked()


def test_a_signal_ends_the_waiting(entered: Signals) -> None:
    timer = threading.Timer(0.05, send, (signal.SIGHUP,))
    timer.start()
    began = time.monotonic()
    entered.wait(FOREVER)
    assert entered.reload_asked()
    assert time.monotonic() - began < FOREVER
    timer.join()


def test_a_signal_from_before_the_waiting_is_not_slept_through(entered: Signals) -> None:
    send(signal.SIGTERM)
    began = time.monotonic()
    entered.wait(FOREVER)
    assert time.monotonic() - began < FOREVER


def test_what_was_heard_does_not_keep_it_awake(entered: Signals) -> None:
    send(signal.SIGHUP)
    entered.wait(FOREVER)
    began = time.monotonic()
    entered.wait(0.05)
    assert time.monotonic() - began >= 0.05


def test_what_does_not_end_in_time_is_broken_off(entered: Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "PATIENCE", 1)
    send(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        time.sleep(FOREVER)
    assert ended.value.code == 143


def test_sighup_stays_ignored_if_it_was() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Signals() as entered:
            send(signal.SIGHUP)
            assert not entered.reload_asked()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_sighup_at_a_terminal_asks_to_read_again_and_ends_it_when_the_terminal_is_closed() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", AT_A_TERMINAL, os.ttyname(theirs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        os.close(theirs)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        assert process.stdout.readline() == "reload\n"
        os.close(ours)
        try:
            assert process.wait(timeout=FOREVER) == 129
        finally:
            process.kill()
