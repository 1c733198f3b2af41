"""What commits need: git, the repository they come from, and whoever may sign them."""

import os
import shutil
from collections.abc import Iterator

from reconciler.engine.checkup.in_time import in_time
from reconciler.git.following import old_locks
from reconciler.git.signers import NotSigned, Signers, read_signers
from reconciler.git.talking import talk
from reconciler.model.checkup import Check, ok, problem, warning
from reconciler.model.faults import GitFault
from reconciler.model.settings import GitSettings

LIMIT = 15.0
"""Seconds after which a repository that does not answer is given up."""

_PACKAGES = {"ssh-keygen": "openssh-client", "gpg": "gnupg"}

_ARMOUR = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"


def commits(settings: GitSettings, *, repo: str | None, clone: str, limit: float = LIMIT) -> Iterator[Check]:
    """Only what the settings ask for; `repo` is `git.repo` as git is told it, `clone` where ours of it is kept."""
    if repo is not None:
        yield _repository(repo, settings.branch, limit=limit)
        yield from _locks(clone)
    if settings.require_signed:
        yield from _signers(settings.allowed_signers)


def _repository(repo: str, branch: str | None, *, limit: float) -> Check:
    if shutil.which("git") is None:
        return problem("git/repository", "git is not installed", remedy="install git")
    ((_, answer),) = in_time({repo: lambda: _asked(repo, branch)}, limit=limit, at_once=1)
    return answer or problem(
        "git/repository", f"no answer within {limit:g} s", remedy="look at the line and its server"
    )


def _asked(repo: str, branch: str | None) -> Check:
    """Asked as a fetch would, of no repository of ours: nothing is written."""
    name = "HEAD" if branch is None else f"refs/heads/{branch}"
    try:
        found = talk(os.devnull, "ls-remote", "--quiet", "--end-of-options", repo, name)
    except GitFault as fault:
        return problem("git/repository", str(fault), remedy="look at git.repo, and at git's own credentials")
    shown = "its default branch" if branch is None else f"branch {branch}"
    for line in found.splitlines():
        commit, _, told = line.partition("\t")
        if told == name:
            return ok("git/repository", f"{shown} is at {commit[:12]}")
    return problem("git/repository", f"it has no {shown}", remedy="push the branch, or name another: git.branch")


def _locks(clone: str) -> Iterator[Check]:
    for lock in old_locks(clone):
        yield warning(
            "git/clone", f"{lock} was left by a git that was killed", remedy="none: the next fetch removes it"
        )


def _signers(file: str | None) -> Iterator[Check]:
    if file is None:
        yield problem("git/signers", "commits must be signed, and nobody is named", remedy="set git.allowedSigners")
        return
    try:
        signers = read_signers(file)
    except NotSigned as fault:
        yield problem("git/signers", str(fault), remedy="no commit is acted on until it names somebody")
        return
    keys = {"ssh-keygen": _ssh_keys(signers), "gpg": signers.openpgp.count(_ARMOUR)}
    yield ok("git/signers", f"{file}: SSH keys: {keys['ssh-keygen']}, OpenPGP keys: {keys['gpg']}")
    for program, count in keys.items():
        if count and shutil.which(program) is None:
            remedy = f"install it (Debian: {_PACKAGES[program]})"
            yield problem(f"git/{program}", "not installed: no signature by such keys can be checked", remedy=remedy)


def _ssh_keys(signers: Signers) -> int:
    lines = (line.strip() for line in signers.ssh.splitlines())
    return sum(1 for line in lines if line and not line.startswith(b"#"))
