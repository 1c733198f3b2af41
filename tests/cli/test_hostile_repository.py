"""R11: nothing that a repository, or what surrounds it, names is ever executed."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile
from tests.git.repositories import Repo

HOOKS = """
applypatch-msg commit-msg fsmonitor-watchman post-checkout post-commit post-index-change post-merge post-receive
post-rewrite post-update pre-applypatch pre-auto-gc pre-commit pre-merge-commit pre-push pre-rebase pre-receive
prepare-commit-msg proc-receive push-to-checkout reference-transaction sendemail-validate update
"""

NAMED = """\
[core]
    fsmonitor = {canary}
    hooksPath = {hooks}
    sshCommand = {canary}
    pager = {canary}
    editor = {canary}
    askPass = {canary}
    gitProxy = {canary}
    alternateRefsCommand = {canary}
[include]
    path = {included}
[credential]
    helper = !{canary}
[credential "https://example.org"]
    helper = {canary}
[gpg]
    program = {canary}
[gpg "ssh"]
    program = {canary}
    defaultKeyCommand = {canary}
[log]
    showSignature = true
[diff]
    external = {canary}
[diff "canary"]
    textconv = {canary}
    command = {canary}
[merge "canary"]
    driver = {canary}
[filter "canary"]
    clean = {canary}
    smudge = {canary}
    process = {canary}
    required = true
[filter "lfs"]
    clean = {canary}
    smudge = {canary}
    process = {canary}
[interactive]
    diffFilter = {canary}
[pager]
    cat-file = {canary}
    config = {canary}
    rev-parse = {canary}
[alias]
    cat-file = !{canary}
    rev-parse = !{canary}
    config = !{canary}
[uploadpack]
    packObjectsHook = {canary}
[protocol]
    allow = always
[protocol "ext"]
    allow = always
[trace2]
    eventTarget = {traced}
[tar "tar"]
    command = {canary}
[sequence]
    editor = {canary}
[receive]
    procReceiveRefs = refs
[remote "origin"]
    url = ext::{canary}
    vcs = canary
    uploadpack = {canary}
    receivepack = {canary}
    promisor = true
    partialclonefilter = blob:none
    fetch = +refs/heads/*:refs/remotes/origin/*
[url "ext::{canary} "]
    insteadOf = file://
    insteadOf = https://
[submodule "sub"]
    update = !{canary}
"""


class Canary:
    """A program that leaves a trace when it runs, and every place that can name one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        (folder / "hooks").mkdir()
        self.died = folder / "died"
        self.traced = folder / "traced"
        self.program = self._plant(folder / "bin" / "canary")
        self._plant(folder / "bin" / "git-remote-canary")
        (folder / "included").write_text(f"[core]\n    fsmonitor = {self.program}\n")

    def _plant(self, file: Path) -> Path:
        file.write_text(f'#!/bin/sh\necho "$0 $*" >> {self.died}\nexit 1\n')
        file.chmod(0o755)
        return file

    @property
    def settings(self) -> str:
        return NAMED.format(
            canary=self.program, hooks=self.folder / "hooks", included=self.folder / "included", traced=self.traced
        )

    def infest(self, repo: Repo) -> None:
        """The repository names it wherever it can; what was committed is whole and sound."""
        for hooks in (repo.path / ".git" / "hooks", self.folder / "hooks"):
            for name in HOOKS.split():
                self._plant(hooks / name)
        with (repo.path / ".git" / "config").open("a") as config:
            config.write(self.settings)

    def surround(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The home of the caller, and their variables, name it too."""
        home = self.folder / "home"
        (home / ".config" / "git").mkdir(parents=True)
        for file in (home / ".gitconfig", home / ".config" / "git" / "config", home / "system"):
            file.write_text(self.settings)
        for name, value in {
            "HOME": home,
            "XDG_CONFIG_HOME": home / ".config",
            "GIT_CONFIG_GLOBAL": home / ".gitconfig",
            "GIT_CONFIG_SYSTEM": home / "system",
            "GIT_CONFIG_COUNT": 2,
            "GIT_CONFIG_KEY_0": "core.fsmonitor",
            "GIT_CONFIG_VALUE_0": self.program,
            "GIT_CONFIG_KEY_1": "alias.cat-file",
            "GIT_CONFIG_VALUE_1": f"!{self.program}",
            "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor'='{self.program}'",
            "GIT_EXEC_PATH": self.folder / "bin",
            "GIT_EXTERNAL_DIFF": self.program,
            "GIT_SSH": self.program,
            "GIT_SSH_COMMAND": self.program,
            "GIT_PROXY_COMMAND": self.program,
            "GIT_ASKPASS": self.program,
            "GIT_EDITOR": self.program,
            "GIT_PAGER": self.program,
            "GIT_DIR": self.folder / "elsewhere",
            "GIT_WORK_TREE": self.folder / "elsewhere",
            "GIT_INDEX_FILE": self.folder / "elsewhere",
            "GIT_OBJECT_DIRECTORY": self.folder / "elsewhere",
            "GIT_COMMON_DIR": self.folder / "elsewhere",
            "GIT_NAMESPACE": "elsewhere",
            "GIT_TRACE": self.traced,
            "GIT_TRACE2_EVENT": self.traced,
            "GIT_ALLOW_PROTOCOL": "ext",
            "GIT_PROTOCOL_FROM_USER": 1,
        }.items():
            monkeypatch.setenv(name, str(value))

    @property
    def trace(self) -> str:
        return "".join(file.read_text() for file in (self.died, self.traced) if file.exists())


@pytest.fixture
def canary(tmp_path: Path) -> Canary:
    return Canary(tmp_path / "canary")


@pytest.fixture
def repo(fleet: Path) -> Repo:
    repo = Repo.new(fleet)
    repo.put(".gitattributes", "* filter=canary diff=canary merge=canary text eol=crlf ident export-subst\n")
    repo.put(".gitignore", "/.reconciler/\n")
    repo.put(".gitmodules", '[submodule "sub"]\n    path = sub\n    url = ext::sh\n    update = !touch died\n')
    repo.commit()
    return repo


def test_R11_reading_a_repository_runs_nothing_that_it_names(
    reconcile: Reconcile, repo: Repo, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repo.git("rev-parse", "HEAD")
    canary.infest(repo)
    (repo.path / "manifests" / "job.yaml").touch()
    canary.surround(monkeypatch)
    for arguments in (
        ("plan", "--rev", "main"),
        ("plan",),
        ("validate", "--rev", "HEAD"),
        ("validate",),
        ("plan", "--rev", f"{commit}^{{/First}}"),
        ("plan", "--rev", "origin/main"),
        ("apply", "--rev", commit[:12]),
        ("status",),
    ):
        reconcile(*arguments)
        assert not canary.trace, arguments
    told = json.loads(reconcile("plan", "--rev", "main", "-o", "json").out)
    assert (told["source"]["commit"], told["summary"]["required"]) == (commit, 2)
    source = json.loads(reconcile("plan", "-o", "json").out)["source"]
    assert (source["commit"], source["dirty"]) == (commit, False)
    assert not canary.trace
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.delenv(name)
    for name in ("GIT_EXEC_PATH", "GIT_NAMESPACE", "GIT_TRACE", "GIT_TRACE2_EVENT"):
        monkeypatch.delenv(name)
    subprocess.run(["git", "status"], cwd=repo.path, capture_output=True, check=False)
    assert str(canary.program) in canary.trace, "the canary is alive: git itself runs it"


@pytest.fixture
def partial(repo: Repo, tmp_path: Path) -> Repo:
    """A clone without any file."""
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "clone"))
    return Repo(tmp_path / "clone")


def test_R11_what_a_partial_clone_lacks_is_fetched_by_nothing_that_it_names(
    reconcile: Reconcile, canary: Canary, partial: Repo
) -> None:
    canary.infest(partial)
    ended = reconcile("-C", str(partial.path), "plan", "--rev", "main")
    assert not canary.trace
    assert ended.code == 0, ended.err
    assert "2 of 2 sites not ready" in ended.out


@pytest.mark.parametrize(
    "url", ["ext::{canary}", "canary::x", "-oProxyCommand={canary}", "ssh://-oProxyCommand={canary}/x"]
)
def test_R11_no_address_of_a_partial_clone_is_a_program(
    reconcile: Reconcile, canary: Canary, partial: Repo, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial.git("config", "remote.origin.url", url.format(canary=canary.program))
    partial.git("config", "protocol.allow", "always")
    monkeypatch.setenv("PATH", f"{canary.folder}/bin", prepend=":")
    ended = reconcile("-C", str(partial.path), "plan", "--rev", "main")
    assert not canary.trace
    assert (ended.code, ended.out) == (1, "")
    assert "and it cannot be fetched: " in ended.err
