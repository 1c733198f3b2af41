"""A program and a service as ways to be told."""

import json
import logging
import os
import time
from pathlib import Path

import pytest

from reconciler import wiring
from reconciler.model.secrets import Secret
from reconciler.model.settings import Credential, EventKind, Notifier, Settings, Webhook
from reconciler.tellers.command import SHOWN, CommandTeller
from reconciler.tellers.protocol import NotTold
from reconciler.tellers.references import resolve
from reconciler.tellers.service import ServiceTeller
from reconciler.views.notification import _TITLES
from tests.extras import said_without
from tests.tellers.receiving import LETTER, receiving

CANARY = "hunter2-canary"

of_apprise = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
"""Apprise's plug-ins are of many hands."""


def run(code: str, *, patience: float = 20.0, **environment: str) -> None:
    CommandTeller(
        arguments=("/bin/sh", "-c", code), environment={"PATH": os.environ["PATH"], **environment}, patience=patience
    ).tell(LETTER)


def refusal(code: str, *, patience: float = 20.0) -> str:
    with pytest.raises(NotTold) as refused:
        run(code, patience=patience)
    return str(refused.value)


def test_a_program_reads_the_event_from_its_standard_input(tmp_path: Path) -> None:
    run(f"cat > {tmp_path}/got")
    assert (tmp_path / "got").read_bytes() == LETTER.body


def test_no_shell_looks_at_the_arguments(tmp_path: Path) -> None:
    script = tmp_path / "tell me"
    script.write_text('#!/bin/sh\nprintf %s "$1" > "$2"\n')
    script.chmod(0o755)
    word = f"$(touch {tmp_path}/owned); `id` 'x"
    CommandTeller(arguments=(str(script), word, str(tmp_path / "got")), environment=dict(os.environ)).tell(LETTER)
    assert (tmp_path / "got").read_text() == word
    assert not (tmp_path / "owned").exists()


def test_a_program_that_reads_nothing_is_well() -> None:
    run("exit 0")


def test_what_a_failing_program_says_is_told_and_cut() -> None:
    said = refusal("echo no such pager >&2; exit 3")
    assert said == "/bin/sh ended with exit code 3: no such pager"
    assert len(refusal(f"head -c {100 * SHOWN} /dev/zero | tr '\\0' x; exit 1")) < SHOWN + 100
    assert refusal("kill -9 $$") == "/bin/sh was ended by signal 9"


def test_a_program_that_does_not_end_is_ended_with_all_it_started(tmp_path: Path) -> None:
    began = time.monotonic()
    said = refusal(f"sleep 300 & echo $! > {tmp_path}/pid; echo waiting; wait", patience=0.5)
    assert said == "/bin/sh did not end within 0.5 s: waiting"
    assert time.monotonic() - began < 20
    pid = int((tmp_path / "pid").read_text())
    while Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() - began < 20


def test_a_program_may_leave_something_behind(tmp_path: Path) -> None:
    run(f"sleep 300 & echo $! > {tmp_path}/pid")
    pid = int((tmp_path / "pid").read_text())
    os.kill(pid, 9)


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(NotTold, match="/nowhere/pager cannot be run: No such file"):
        CommandTeller(arguments=("/nowhere/pager",), environment={}).tell(LETTER)


def test_a_program_sees_no_variable_that_holds_a_secret(tmp_path: Path) -> None:
    pager = Notifier(name="pager", events=frozenset(), command=("/bin/sh", "-c", f"env > {tmp_path}/env"))
    hook = Webhook(url="env:HOOK", secret="env:KEY")
    settings = Settings(
        file=None,
        manifest_paths=(),
        state_url="sqlite:///x",
        credentials={"de1": Credential(references={"password": "env:DE1", "key": "file:/x"})},
        notify=(
            pager,
            Notifier(name="hook", events=frozenset(), webhook=hook),
            Notifier(name="mail", events=frozenset(), service="env:MAIL"),
        ),
    )
    private = wiring.private_variables(settings)
    assert private == {"HOOK", "KEY", "DE1", "MAIL"}
    variables = {"PATH": os.environ["PATH"], "PLAIN": "seen"} | dict.fromkeys(private, CANARY)
    wiring.open_teller(pager, variables=variables, private=private).tell(LETTER)
    seen = (tmp_path / "env").read_text()
    assert "PLAIN=seen" in seen
    assert CANARY not in seen


@of_apprise
def test_apprise_carries_it_to_a_service() -> None:
    with receiving() as receiver:
        ServiceTeller(url=Secret(receiver.url.replace("http://", "json://"))).tell(LETTER)
        body = json.loads(receiver.got[0][2])
    assert (body["title"], body["message"]) == (LETTER.title, LETTER.text)


@of_apprise
def test_no_fault_of_a_service_shows_its_url(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with receiving() as receiver:
        receiver.answers = [500]
        place = receiver.url.removeprefix("http://")
        urls = [f"nothing://{CANARY}", f"json://u:{CANARY}@{place}/{CANARY}?x={CANARY}", CANARY, f"slack://{CANARY}"]
        for url in urls:
            with pytest.raises(NotTold) as refused:
                ServiceTeller(url=Secret(url)).tell(LETTER)
            assert CANARY not in str(refused.value)
    assert CANARY not in caplog.text
    assert CANARY not in "".join(capfd.readouterr())


def test_a_missing_extra_is_named() -> None:
    code = (
        "from reconciler.tellers.service import ServiceTeller\n"
        "from reconciler.model.secrets import Secret\n"
        "from tests.tellers.receiving import LETTER\n"
        "ServiceTeller(url=Secret('json://x')).tell(LETTER)\n"
    )
    assert said_without("apprise", code).endswith("Apprise is not installed: pip install 'reconciler[notify]'")


def test_a_secret_is_looked_up_where_its_reference_says(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{CANARY}\n")
    assert resolve(f"file:{file}", {}).reveal() == CANARY
    assert resolve("env:KEY", {"KEY": CANARY}).reveal() == CANARY


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "is empty"), (b"\n", "is empty"), (b"\xff" + CANARY.encode(), "is not UTF-8"), (b"x" * 70_000, "too large")],
)
def test_a_file_that_holds_no_secret_is_named_not_shown(tmp_path: Path, data: bytes, words: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes(data)
    with pytest.raises(NotTold, match=words) as refused:
        resolve(f"file:{file}", {})
    assert CANARY not in str(refused.value)


def test_a_reference_to_nothing_is_named() -> None:
    with pytest.raises(NotTold, match="the variable KEY is not set"):
        resolve("env:KEY", {"OTHER": "x"})
    with pytest.raises(NotTold, match="/nowhere/x cannot be read: No such file"):
        resolve("file:/nowhere/x", {})


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret(CANARY)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", repr([secret]), "%s" % secret]  # noqa: UP031
    assert not [text for text in shown if CANARY in text or "***" not in text]
    with pytest.raises(TypeError):
        __import__("pickle").dumps(secret)


def test_each_kind_of_event_has_its_words() -> None:
    assert set(_TITLES) == set(EventKind)
