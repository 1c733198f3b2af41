"""What a partial clone lacks, fetched into a place of our own (decision 0019).

Git itself would fetch while it reads, by the configuration of a repository that nobody has looked at yet. Here the
repository is only asked for an address; what is lacking is fetched from there as the user would, in one step.
"""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.git.command import run
from reconciler.git.repository import Repository, is_bare
from reconciler.git.talking import talk
from reconciler.model.commits import ObjectId
from reconciler.model.faults import GitFault

_PROTOCOLS = "file:git:http:https:ssh"
"""A repository's address may not name a program, as `ext::` addresses do."""

_AT_ONCE = 10_000
"""Objects asked for in one conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """Objects that a repository lacks and another, at `url`, has promised it.

    `git_dir` is a repository of our own without configuration or branches, that sees the objects of the one that lacks
    some, and what was `fetched` for it: whoever reads there reads a whole one, and nothing is fetched on the way.
    """

    git_dir: str
    fetched: str
    url: str

    def fetch(self, ids: Iterable[ObjectId]) -> None:
        """Fetch these objects, of a tree all trees beneath it too; raises GitFault."""
        wanted = sorted(set(ids))
        if not self.url:
            raise GitFault(f"the repository lacks object {wanted[0]}, and names no remote repository that has it")
        for at in range(0, len(wanted), _AT_ONCE):
            self._fetch(wanted[at : at + _AT_ONCE])

    def _fetch(self, wanted: list[ObjectId]) -> None:
        try:
            talk(
                self.fetched,
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--no-recurse-submodules",
                "--no-auto-maintenance",
                "--filter=blob:none",
                "--stdin",
                "--end-of-options",
                "origin",
                settings=(f"remote.origin.url={self.url}", "fetch.negotiationAlgorithm=noop"),
                protocols=_PROTOCOLS,
                given="".join(f"{id}\n" for id in wanted).encode("ascii"),
            )
        except GitFault as fault:
            raise GitFault(f"the repository lacks object {wanted[0]}, and it cannot be fetched: {fault}") from fault


def promised_of(repository: Repository, folder: str) -> Promised | None:
    """What a partial clone was promised, kept in a folder of its own beneath `folder`; None of one that is whole.

    Raises GitFault.
    """
    packs = f"{repository.common_dir}/objects/pack"
    if not any(name.endswith(".promisor") for name in _listed(packs)):
        return None
    place = os.path.join(folder, hashlib.sha256(os.fsencode(repository.common_dir)).hexdigest()[:20])
    kind = run(repository.git_dir, "rev-parse", "--show-object-format")
    whole, fetched = f"{place}/whole", f"{place}/fetched"
    _make(whole, kind)
    _make(fetched, kind)
    _write(f"{fetched}/config", _FETCHED.format(version=1, kind=kind))
    _write(f"{whole}/objects/info/alternates", f"{repository.common_dir}/objects\n{fetched}/objects\n")
    if not os.path.lexists(f"{whole}/lfs"):
        os.symlink(f"{repository.common_dir}/lfs", f"{whole}/lfs")
    return Promised(git_dir=whole, fetched=fetched, url=_url(repository))


_FETCHED = """\
[core]
\trepositoryformatversion = {version}
\tbare = true
[extensions]
\tobjectFormat = {kind}
\tpartialClone = origin
[remote "origin"]
\tpromisor = true
"""


def _url(repository: Repository) -> str:
    """Of the first remote repository that promised something; "" if there is none."""
    found = run(
        repository.git_dir, "config", "--null", "--get-regexp", r"^remote\..*\.(promisor|url)$", also=(1,)
    ).split("\0")
    values = dict(reversed([entry.partition("\n")[::2] for entry in found]))
    for name, value in values.items():
        url = values.get(f"{name.removesuffix('.promisor')}.url", "")
        if name.endswith(".promisor") and value in ("true", "") and url:
            near = os.path.join(repository.top, url)
            return near if os.path.isdir(near) else url
    return ""


def _make(folder: str, kind: str) -> None:
    if not is_bare(folder):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        run(folder, "init", "--quiet", "--bare", "--template=", f"--object-format={kind}")
        os.makedirs(f"{folder}/objects/info", exist_ok=True)


def _write(file: str, text: str) -> None:
    """Whole or not at all, and only if it differs."""
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as stream:
            if stream.read() == text:
                return
    except FileNotFoundError:
        pass
    with open(f"{file}.{os.getpid()}", "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
    os.replace(f"{file}.{os.getpid()}", file)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
