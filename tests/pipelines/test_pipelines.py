"""The pipeline files of docs/how-to: sound by their own rules, and each script in them run as a runner does.

A proposed change of an example is reviewed in a clone as the platform makes it; a server on this machine stands for the
platform's API.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.app import COMMANDS
from reconciler.views.review_markdown import MARKER
from tests.forks.starting import socket_of
from tests.git.repositories import Repo
from tests.pipelines.platform import PAGE, Comment, Platform

ROOT = Path(__file__).parents[2]
FILES = ROOT / "docs/how-to/pipelines"
ASKS = ROOT / "tests/forks/asking.py"
GITHUB_TEXT = (FILES / "github-actions.yaml").read_text(encoding="utf-8")
GITLAB_TEXT = (FILES / "gitlab-ci.yaml").read_text(encoding="utf-8")
GITHUB, GITLAB = yaml.safe_load(GITHUB_TEXT), yaml.safe_load(GITLAB_TEXT)["reconcile"]

BOT = {"login": "github-actions[bot]", "id": 7}
OTHERS: list[Comment] = [
    *({"id": n, "user": {"login": "anna"}, "author": {"id": 1}, "body": "Fine."} for n in range(PAGE + 5)),
    {"id": 900, "user": {"login": "anna"}, "author": {"id": 1}, "body": f"{MARKER}\nquoted"},
    {"id": 901, "user": BOT, "author": BOT, "body": "Another tool's"},
]
"""More than a page of what other people and other tools wrote; one of them begins like ours."""


def steps(job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = GITHUB["jobs"][job]["steps"]
    return found


def step(job: str, name: str) -> dict[str, Any]:
    return next(step for step in steps(job) if step.get("name") == name)


def scripts() -> Iterator[str]:
    yield from (step["run"] for job in GITHUB["jobs"] for step in steps(job) if "run" in step)
    yield from (*GITLAB["before_script"], *GITLAB["script"])


def test_a_page_of_the_how_to_shows_each_file_as_it_is() -> None:
    for page, text in (("github", GITHUB_TEXT), ("gitlab", GITLAB_TEXT)):
        told = (ROOT / f"docs/how-to/review-changes-in-{page}.md").read_text(encoding="utf-8")
        assert f"```yaml\n{text}```\n" in told, page


def test_nothing_is_pasted_into_a_script() -> None:
    """`${{ }}` in `run:` is text of the script before any shell reads it: a branch's name could be one."""
    for script in scripts():
        assert "${{" not in script
        assert "eval" not in script


def test_who_reads_what_is_proposed_may_write_nothing_and_who_writes_reads_nothing_of_it() -> None:
    assert list(GITHUB[True]) == ["pull_request"], "`on`, which YAML 1.1 takes for a truth; never pull_request_target"
    assert GITHUB["permissions"] == {}
    assert GITHUB["jobs"]["review"]["permissions"] == {"contents": "read"}
    assert GITHUB["jobs"]["comment"]["permissions"] == {"pull-requests": "write"}
    assert "secrets." not in GITHUB_TEXT
    assert "github.token" not in yaml.safe_dump(GITHUB["jobs"]["review"])
    uses = [step["uses"].partition("@")[0] for step in steps("comment") if "uses" in step]
    assert uses == ["actions/download-artifact"]
    checkout = steps("review")[0]
    assert checkout["uses"].startswith("actions/checkout@")
    assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}
    assert "head.repo.full_name == github.repository" in GITHUB["jobs"]["comment"]["if"]
    assert GITLAB["variables"]["GIT_DEPTH"] == "0"


def test_each_command_line_is_one_of_reconcile() -> None:
    told = [line for script in scripts() for line in re.findall(r"^\s*reconcile .*$", script, re.MULTILINE)]
    assert len(told) == 4
    assert {line.split()[1] for line in told} == {"plan", "validate"} <= set(COMMANDS)


@pytest.fixture
def tmp_path(quick_folder: str) -> Path:
    return Path(quick_folder)


@pytest.fixture
def clone(tmp_path: Path) -> Repo:
    """What a runner has checked out: a change of an example merged with its base, which went on meanwhile."""
    there = Repo.new(tmp_path / "there")
    shutil.copytree(ROOT / "examples/02-a-job-refused", there.path, dirs_exist_ok=True)
    there.commit("One")
    there.git("switch", "--quiet", "--create", "change")
    there.put("payload/till/till.ini", "currency = SEK\n")
    there.commit("Two")
    there.git("switch", "--quiet", "main")
    there.put("manifests/it.yaml", MEANWHILE)
    there.commit("Three")
    there.git("switch", "--quiet", "--detach", "main")
    there.git("merge", "--quiet", "--no-edit", "change")
    there.git("branch", "merged")
    Repo(tmp_path).git("clone", "--quiet", "--branch=merged", str(there.path), "here")
    return Repo(tmp_path / "here")


MERGED = "### This change changes 3 lines of the plan (3 sites, 1 package)."
"""The job that the base got meanwhile is there before and after; what is sent for it is other content."""

MEANWHILE = """\
apiVersion: reconciler/v1
kind: Site
metadata: {name: IT1}
spec: {parent: HQ1, address: {type: directory, path: ../stores/IT1}}
---
apiVersion: reconciler/v1
kind: Job
metadata: {name: till-it}
spec: {package: till-4, command: install, targets: [{names: [IT1]}]}
"""


def run(
    repo: Repo, script: str, *, tmp_path: Path, by: tuple[str, ...] = ("bash", "-e"), **variables: str
) -> tuple[int, str]:
    """The exit code and what is printed; with no variables but those of a runner, ours among the programs."""
    programs = tmp_path / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "reconcile").write_text(f'#!/bin/sh\nexec {sys.executable} -IS {ASKS} {socket_of()} "$@"\n')
    (programs / "reconcile").chmod(0o755)
    (programs / "python3").unlink(missing_ok=True)
    (programs / "python3").symlink_to(sys.executable)
    kept = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    file = tmp_path / "script"
    file.write_text(script)
    done = subprocess.run(
        [*by, str(file)], cwd=repo.path, env=kept | variables, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def review(repo: Repo, tmp_path: Path) -> tuple[int, str, Mapping[str, str]]:
    """GitHub's step; what it put out, with the summary."""
    told = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    for file in told.values():
        Path(file).write_text("")
    ended, printed = run(repo, step("review", "Review")["run"], tmp_path=tmp_path, GITHUB_BASE_REF="main", **told)
    return ended, printed, {name: Path(file).read_text() for name, file in told.items()}


def comment(repo: Repo, platform: Platform, tmp_path: Path) -> None:
    """GitHub's step, as the shell `python` of a runner runs it."""
    asked = {"GITHUB_API_URL": platform.url, "GITHUB_REPOSITORY": "anna/fleet", "NUMBER": "12", "TOKEN": "a-token"}
    ended = run(repo, step("comment", "Comment")["run"], tmp_path=tmp_path, by=(sys.executable,), **asked)
    assert ended == (0, "")


def note(repo: Repo, platform: Platform, tmp_path: Path, *, token: str, **variables: str) -> tuple[int, str]:
    """GitLab's job: its lines are one script."""
    known = {
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": repo.git("rev-parse", "origin/main"),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": repo.git("merge-base", "origin/main", "origin/change"),
        "CI_API_V4_URL": f"{platform.url}/api/v4",
        "CI_MERGE_REQUEST_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "12",
        "REVIEW_TOKEN": token,
    } | variables
    return run(repo, "\n".join(GITLAB["script"]), tmp_path=tmp_path, **known)


def test_github_gets_one_comment_that_follows_the_pull_request(clone: Repo, tmp_path: Path) -> None:
    ended, printed, told = review(clone, tmp_path)
    assert (ended, printed) == (0, "")
    assert told["GITHUB_OUTPUT"] == "made=true\n"
    text = (clone.path / "review.md").read_text()
    assert told["GITHUB_STEP_SUMMARY"] == text
    assert text.startswith(f"{MARKER}\n{MERGED}\n")
    with Platform(me=BOT, comments=list(OTHERS)) as platform:
        comment(clone, platform, tmp_path)
        assert [each["body"] for each in platform.comments[len(OTHERS) :]] == [text]
        (clone.path / "review.md").write_text(f"{MARKER}\nnewer")
        comment(clone, platform, tmp_path)
        assert [each["body"] for each in platform.comments[len(OTHERS) :]] == [f"{MARKER}\nnewer"]
        assert platform.comments[: len(OTHERS)] == OTHERS
        assert platform.asked[-1].startswith("PATCH /repos/anna/fleet/issues/comments/")
        assert platform.credentials == {"Bearer a-token"}


def test_gitlab_gets_one_note_that_follows_the_merge_request(clone: Repo, tmp_path: Path) -> None:
    with Platform(me=BOT, comments=list(OTHERS)) as platform:
        ended, printed = note(clone, platform, tmp_path, token="a-token")
        assert (ended, printed) == (0, "0 errors, 0 warnings, 7 files read\n")
        text = (clone.path / "review.md").read_text()
        assert text.startswith(f"{MARKER}\n{MERGED}\n")
        assert [each["body"] for each in platform.comments[len(OTHERS) :]] == [text]
        note(clone, platform, tmp_path, token="a-token")
        assert platform.comments[: len(OTHERS)] == OTHERS
        assert len(platform.comments) == len(OTHERS) + 1
        assert platform.asked[-1].startswith("PUT /api/v4/projects/42/merge_requests/12/notes/")
        assert platform.credentials == {"a-token"}


def test_gitlab_without_merged_results_compares_with_where_the_branch_began(clone: Repo, tmp_path: Path) -> None:
    clone.git("checkout", "--quiet", "origin/change")
    with Platform(me=BOT) as platform:
        ended, _ = note(clone, platform, tmp_path, token="a-token", CI_MERGE_REQUEST_TARGET_BRANCH_SHA="")
        assert ended == 0
        assert "changes 2 lines of the plan" in platform.comments[0]["body"]
        assert "IT1" not in platform.comments[0]["body"]


def test_gitlab_without_a_token_asks_nobody_and_leaves_the_review_as_a_file(clone: Repo, tmp_path: Path) -> None:
    with Platform(me=BOT) as platform:
        assert note(clone, platform, tmp_path, token="")[0] == 0
        assert platform.asked == []
    assert (clone.path / GITLAB["artifacts"]["paths"][0]).read_text().startswith(MARKER)


def test_mistakes_fail_the_pipeline_and_stand_in_the_comment(clone: Repo, tmp_path: Path) -> None:
    clone.put(
        "manifests/jobs/till-de.yaml",
        (clone.path / "manifests/jobs/till-de.yaml").read_text().replace("till-4", "till-5"),
    )
    clone.commit("Broken")
    ended, _, told = review(clone, tmp_path)
    assert (ended, told["GITHUB_OUTPUT"]) == (4, "made=true\n")
    assert 'error[unknown-package]: package "till-5" is not declared' in told["GITHUB_STEP_SUMMARY"]
    assert run(clone, step("review", "Validate")["run"], tmp_path=tmp_path)[0] == 4
    with Platform(me=BOT) as platform:
        assert note(clone, platform, tmp_path, token="a-token")[0] == 4
        assert "introduces 1 error" in platform.comments[0]["body"]


def test_a_base_that_is_not_there_fails_the_pipeline_and_comments_nothing(clone: Repo, tmp_path: Path) -> None:
    clone.git("branch", "--delete", "--remotes", "origin/main", "origin/HEAD")
    ended, printed, told = review(clone, tmp_path)
    assert (ended, told["GITHUB_OUTPUT"]) == (64, "")
    assert "has no commit origin/main" in printed
