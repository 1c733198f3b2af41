"""A real `reconcile watch` serves its page, tells a webhook of each event once over kills, and logs as JSON."""

import json
import re
import signal
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.conftest import JOB
from tests.end_to_end.workshop import LONG_ENOUGH, Watch, Workshop, workshop
from tests.git.repositories import Repo
from tests.tellers.receiving import Receiver, receiving

SETTINGS = """\
apiVersion: reconciler/v1
kind: Config
spec:
  settle: 0s
  metrics: {{listen: "0"}}
  notify:
    - {{name: ops, webhook: {{url: "{url}", secret: "env:OPS_SECRET"}}}}
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def place(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.setenv("OPS_SECRET", "correct-horse")
    made = workshop(tmp_path)
    (made.here / "reconciler.yaml").write_text(SETTINGS.format(url=receiver.url))
    return made


def address(watch: Watch) -> str:
    watch.tells("metrics are served on ")
    found = re.search(r"metrics are served on (http://127\.0\.0\.1:\d+)/", watch.errors.read_text())
    assert found is not None
    return found[1]


def asked(watch: Watch, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{address(watch)}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def events(receiver: Receiver) -> list[str]:
    return [f"{body['event']} {body['subjects'][0]['subject']}" for body in bodies(receiver)]


def bodies(receiver: Receiver) -> list[Any]:
    return [json.loads(body) for _, _, body in receiver.got]


def test_R2_each_event_is_told_once_over_kills_and_the_page_says_how_it_is(place: Workshop, receiver: Receiver) -> None:
    flags = ("--files", "--no-work", "--log-format", "json")
    with place.watching(*flags) as watch:
        watch.until(lambda passes: passes[-1:] != [] and passes[-1]["outcome"] == "done")
        assert asked(watch, "/healthz") == (200, "ok\n")
        assert asked(watch, "/readyz") == (200, "ok\n")
        place.swap("manifests/job.yaml", JOB.replace("targets", "tragets"))
        receiver.wait()
        assert events(receiver) == ["manifests-invalid manifests/job.yaml"]
        with place.watching(*flags) as second:
            second.tells("standing by")
            assert asked(second, "/readyz")[0] == 503
            assert asked(second, "/healthz")[0] == 200
            watch.process.kill()
            watch.process.wait()
            second.until(lambda passes: passes[-1:] != [] and passes[-1]["outcome"] == "invalid")
            place.swap("manifests/job.yaml", JOB)
            receiver.wait()
            assert events(receiver)[1:] == ["mended manifests/job.yaml"]
            place.swap("manifests/job.yaml", JOB.replace("targets", "tragets"))
            receiver.wait()
            assert events(receiver)[2:] == ["manifests-invalid manifests/job.yaml"]
            samples = {
                (sample.name, *sorted(sample.labels.values())): sample.value
                for family in text_string_to_metric_families(asked(second, "/metrics")[1])
                for sample in family.samples
            }
            assert samples["reconciler_watcher_active",] == 1
            assert samples["reconciler_diagnostics", "error"] >= 1
            assert samples["reconciler_open_sends", "queued"] == 2
            assert samples["reconciler_pass_duration_seconds_count",] >= 3
            assert second.end(signal.SIGTERM) == 143
            lines = [json.loads(line) for line in second.errors.read_text().splitlines()]
    assert len(set(receiver.ids)) == len(receiver.ids) == 3
    passes = [line for line in lines if line["event"] == "pass"]
    assert {line["outcome"] for line in passes} == {"invalid", "done"}
    assert all(line["seconds"] > 0 for line in passes)
    assert any(line["event"] == "diagnostic" and line["file"] == "manifests/job.yaml" for line in lines)


@pytest.mark.parametrize("of_commits", [False, True], ids=["files", "commits"])
def test_changed_settings_that_came_to_rest_hold_for_the_page_and_the_notifiers(
    place: Workshop, receiver: Receiver, *, of_commits: bool
) -> None:
    settings, job = place.here / "reconciler.yaml", place.here / "manifests" / "job.yaml"
    shown = settings.read_text().replace("settle: 0s", "settle: 1s")
    settings.write_text("apiVersion: reconciler/v1\nkind: Config\nspec: {settle: 1s}\n")
    repo = Repo.new(place.here) if of_commits else None
    if repo is not None:
        repo.put(".gitignore", ".reconciler/\n")
        repo.commit("Begin")
    with place.watching("--no-work", *(() if of_commits else ("--files",))) as watch:
        watch.until(bool)
        assert "metrics are served on" not in watch.errors.read_text()
        settings.write_text(shown)
        assert asked(watch, "/healthz") == (200, "ok\n")
        job.write_text(JOB.replace("targets", "tragets"))
        if repo is not None:
            repo.commit("Misspell it")
        receiver.wait()
        assert events(receiver) == ["manifests-invalid manifests/job.yaml"]
        assert watch.end(signal.SIGTERM) == 143


def test_where_no_terminal_is_every_line_is_json_those_of_what_runs_beside_the_passes_too(place: Workshop) -> None:
    with place.watching("--files") as watch:
        watch.tells('"event":"send-waits"')
        assert watch.end(signal.SIGTERM) == 143
    lines = [json.loads(line) for line in watch.errors.read_text().splitlines()]
    assert {"pass", "send-started", "send-waits", "worker-stopped"} <= {line["event"] for line in lines}


def test_a_receiver_that_hangs_holds_up_neither_passes_nor_the_end(place: Workshop, receiver: Receiver) -> None:
    over = threading.Event()
    receiver.before_answer = lambda: over.wait(LONG_ENOUGH)
    with place.watching("--files", "--no-work") as watch:
        watch.until(lambda passes: len(passes) == 1)
        place.swap("manifests/job.yaml", JOB.replace("targets", "tragets"))
        watch.until(lambda passes: len(passes) == 2 and receiver.got != [])
        place.swap("manifests/job.yaml", JOB)
        watch.until(lambda passes: len(passes) == 3)
        assert watch.end(signal.SIGTERM) == 143
    over.set()


def test_a_stand_by_does_without_the_page_until_its_port_is_free(place: Workshop) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    settings = place.here / "reconciler.yaml"
    settings.write_text(settings.read_text().replace('listen: "0"', f'listen: "{port}"'))
    with place.watching("--files", "--no-work") as first:
        assert asked(first, "/healthz")[0] == 200
        with place.watching("--files", "--no-work") as second:
            second.tells("tried again when this watch makes the passes")
            first.process.kill()
            first.process.wait()
            assert asked(second, "/healthz")[0] == 200
            assert second.end(signal.SIGTERM) == 143
