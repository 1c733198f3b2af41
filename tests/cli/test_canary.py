"""R11: a secret in each slot of the settings shows itself in no output, log, state or exception."""

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from reconciler import wiring
from reconciler.cli.logs import staying
from reconciler.cli.options import Options
from reconciler.cli.showing import Showing
from reconciler.cli.workplace import Workplace
from reconciler.model.instants import Instant
from reconciler.model.snapshot import Cause
from reconciler.model.working import SendFailed
from tests.builders import NOW
from tests.cli.conftest import Reconcile
from tests.tellers.receiving import Receiver, receiving
from tests.views.working import send

CANARY = "hunter2canary"

SETTINGS = """\
apiVersion: reconciler/v1
kind: Config
spec:
  credentials: {{de1: {{password: "env:DE1", key: "file:{folder}/key"}}}}
  notify:
    - {{name: typed, webhook: {{url: "{url}/{canary}?token={canary}", secret: "env:KEY"}}}}
    - {{name: hook, webhook: {{url: "env:HOOK", secret: "file:{folder}/key"}}}}
    - {{name: mail, service: "env:MAIL"}}
    - {{name: page, command: ["/bin/sh", "-c", "env; cat; exit 1"]}}
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def place(reconcile: Reconcile, fleet: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Path:
    (fleet / "key").write_text(f"{CANARY}\n")
    (fleet / "reconciler.yaml").write_text(SETTINGS.format(folder=fleet, url=receiver.url, canary=CANARY))
    monkeypatch.setenv("DE1", CANARY)
    monkeypatch.setenv("KEY", CANARY)
    monkeypatch.setenv("HOOK", receiver.url.replace("//", f"//anna:{CANARY}@") + f"/{CANARY}")
    monkeypatch.setenv("MAIL", receiver.url.replace("http", "json", 1).replace("//", f"//anna:{CANARY}@"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return fleet


def until(done: Callable[[], bool]) -> None:
    for _ in range(2000):
        if done():
            return
        Event().wait(0.01)
    raise AssertionError("it never happened")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_R11_no_secret_of_a_notifier_shows_itself(
    place: Path, receiver: Receiver, reconcile: Reconcile, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.answers = [500, 503, 404]
    options = staying(Options(verbose=True))
    workplace = Workplace(options)
    reconcile("apply")
    showing = Showing(options, workplace, beating=lambda: True)
    showing.takes_over(lambda: None)
    showing.worked(SendFailed(at=Instant(NOW), send=send("till@DE1"), cause=Cause.PERMISSION, detail="no"))
    logged: list[str] = []

    def told() -> bool:
        logged.extend(capsys.readouterr().err.splitlines())
        return sum("did not take" in line or "given up" in line for line in logged) >= 4

    until(told)
    showing.close(10)
    messages = [json.loads(line)["message"] for line in logged]
    assert {message.split()[1].rstrip(":") for message in messages} == {"typed", "hook", "mail", "page"}
    assert CANARY not in "\n".join(logged)
    assert receiver.got
    with closing(workplace.open_state(write=False)) as state:
        assert state.standing()
    for file in (place / ".reconciler").rglob("*"):
        assert CANARY.encode() not in (file.read_bytes() if file.is_file() else b""), file


def test_R11_config_shows_where_secrets_are_and_none_of_them(
    place: Path, reconcile: Reconcile, receiver: Receiver
) -> None:
    for arguments in (("config",), ("config", "-o", "json"), ("config", "-v", "--log-format", "json")):
        ended = reconcile(*arguments)
        assert ended.code == 0
        assert CANARY not in ended.out + ended.err
        assert f"{receiver.url}/***" in ended.out
        assert "env:HOOK" in ended.out


def test_R11_nor_does_any_other_command(place: Path, reconcile: Reconcile) -> None:
    for arguments in (("plan", "-v"), ("validate", "-v"), ("doctor", "-v"), ("status", "-v"), ("plan", "-o", "json")):
        ended = reconcile(*arguments)
        assert CANARY not in ended.out + ended.err, arguments


def test_config_names_every_new_setting(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "reconciler.yaml").write_text(
        'apiVersion: reconciler/v1\nkind: Config\nspec:\n  metrics: {listen: "9464"}\n'
        "  notify:\n    - {name: a, events: [send-failed], command: [/bin/true]}\n"
        "    - {name: b, webhook: {url: 'https://ops.example.org'}}\n"
    )
    told = json.loads(reconcile("config", "-o", "json").out)
    assert told["metrics.listen"] == {"value": "9464", "origin": "reconciler.yaml:4"}
    assert [notifier["name"] for notifier in told["notify"]["value"]] == ["a", "b"]
    assert told["notify"]["value"][1]["webhook"]["url"] == "https://ops.example.org"
    assert {"git.repo", "git.branch", "git.poll", "git.requireSigned", "git.allowedSigners", "ownership"} <= told.keys()


def test_the_page_of_a_watch_is_served_where_the_settings_say(
    reconcile: Reconcile, fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (fleet / "reconciler.yaml").write_text('apiVersion: reconciler/v1\nkind: Config\nspec:\n  metrics: {listen: "0"}\n')
    options = staying(Options())
    workplace = Workplace(options)
    reconcile("apply")
    showing = Showing(options, workplace, beating=lambda: True)
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    with urllib.request.urlopen(f"http://{line['address']}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    assert "reconciler_state_up 1.0" in text
    assert 'reconciler_open_sends{state="queued"} 2.0' in text
    showing.configure(workplace.settings.__class__(file=None, manifest_paths=(), state_url="", credentials={}))
    with pytest.raises(OSError):  # noqa: PT011 - whichever way it is refused
        urllib.request.urlopen(f"http://{line['address']}/metrics", timeout=20)
    showing.close(5)
    assert wiring.private_variables(workplace.settings) == frozenset()
    assert os.path.exists(".reconciler/state.db")
