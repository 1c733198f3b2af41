"""Whether a commit is trusted: the settings of the working place say who may sign, and never those of the commit."""

import os
import time
from collections.abc import Callable

from reconciler.git.objects import Objects
from reconciler.git.repository import Repository
from reconciler.git.signatures import check_signature
from reconciler.git.signers import NotSigned, read_signers
from reconciler.model.commits import CommitId
from reconciler.model.faults import GitFault
from reconciler.model.settings import GitSettings

_REMEMBERED = 60.0
"""Seconds that an answer holds: a key may expire meanwhile, a program that was missing be installed."""

_MOST = 8
"""Answers."""


def refusal(repository: Repository, commit: CommitId, git: GitSettings) -> str:
    """Why a commit is not acted on, in one line that names it; "" if it may be."""
    if not git.require_signed:
        return ""
    try:
        _check(repository, commit, git)
    except (NotSigned, GitFault) as fault:
        return f"commit {commit[:12]} is refused: {fault}"
    return ""


def _check(repository: Repository, commit: CommitId, git: GitSettings) -> None:
    if git.allowed_signers is None:
        raise NotSigned("the settings name no file of allowed signers")
    signers = read_signers(git.allowed_signers)
    with Objects(repository.git_dir) as objects:
        check_signature(objects, commit, signers)


class Trust:
    """The same for who asks again and again: remembered for a minute, while the file of signers is as it was."""

    def __init__(self, repository: Repository, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._repository = repository
        self._clock = clock
        self._answers: dict[tuple[object, ...], tuple[float, str]] = {}

    def refusal(self, commit: CommitId, git: GitSettings) -> str:
        """See `refusal`."""
        if not git.require_signed:
            return ""
        asked = (commit, git.allowed_signers, _mark(git.allowed_signers))
        known = self._answers.get(asked)
        if known is None or self._clock() - known[0] > _REMEMBERED:
            known = self._answers[asked] = (self._clock(), refusal(self._repository, commit, git))
            while len(self._answers) > _MOST:
                del self._answers[next(iter(self._answers))]
        return known[1]


def _mark(file: str | None) -> tuple[int, ...]:
    """Another one whenever the file is another."""
    try:
        found = os.stat(file or "")
    except OSError:
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
