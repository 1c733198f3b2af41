"""Where a command works: its folder, settings, manifests, state, cache, and who runs it."""

import getpass
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from reconciler import wiring
from reconciler.cli.conventions import SETTINGS_FILE, STDIN, cache_directory
from reconciler.cli.exits import CommandError, Exit, InvalidSettings
from reconciler.cli.options import Options
from reconciler.cli.progress import Progress
from reconciler.engine.manifests import FleetRead, Manifests, nothing
from reconciler.manifests.declaring.settings import SettingsRead, read_settings
from reconciler.manifests.paths import normal, parents
from reconciler.model.acknowledgements import GuardName
from reconciler.model.faults import StateError
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.settings import Settings
from reconciler.model.source_text import SourceText
from reconciler.parcels.digest_cache import DigestCache
from reconciler.sources.manifest_read import LARGEST, ManifestRead
from reconciler.state.protocol import Author, State
from reconciler.views.refusal import DEFAULT

if TYPE_CHECKING:
    from reconciler.engine.committed import Commits
    from reconciler.git.following import Clone
    from reconciler.model.commits import Provenance


@dataclass(frozen=True)
class Workplace:
    """What the options, the environment and the settings file together mean. Built once, by a command."""

    options: Options
    paths: tuple[str, ...] = ()
    """Manifests named as arguments: they replace `--manifests` and are the whole fleet."""

    def __post_init__(self) -> None:
        if self.options.chdir is not None:
            try:
                os.chdir(self.options.chdir)
            except OSError as error:
                raise CommandError(f"-C {self.options.chdir}: {error.strerror}", code=Exit.USAGE) from None
        for path in self.paths:
            if path not in STDIN and self.options.rev is None and not os.path.exists(path):
                raise CommandError(f"there is no file or folder {path}", code=Exit.USAGE)

    @cached_property
    def settings_read(self) -> SettingsRead:
        """The settings file, what is wrong in it, and where each value comes from."""
        file = self.settings_file
        directory = self.settings_directory
        source = None
        if file is not None:
            try:
                with open(file, "rb") as stream:
                    data = stream.read()
            except OSError as error:
                raise CommandError(f"cannot read the settings {file}: {error.strerror}", code=Exit.INVALID) from None
            source = SourceText(file=file, directory=directory, data=data)
        return read_settings(source, directory=directory)

    @cached_property
    def settings(self) -> Settings:
        """The settings with what the options say laid over them; raises InvalidSettings."""
        settings = self.settings_read.settings
        if settings is None:
            raise InvalidSettings(self.settings_read.diagnostics)
        if self.paths or self.options.manifests:
            named = (path for path in self.paths or self.options.manifests if path not in STDIN)
            settings = replace(settings, manifest_paths=tuple(map(os.path.abspath, named)))
        elif not settings.manifest_paths:
            found = os.path.join(self.settings_directory, "manifests")
            settings = replace(settings, manifest_paths=(found if os.path.isdir(found) else self.settings_directory,))
        if self.options.state is not None:
            settings = replace(settings, state_url=_absolute(self.options.state))
        return settings

    @cached_property
    def manifests(self) -> Manifests:
        """The files, or what a commit has in their place."""
        if self.revision is not None:
            return self.manifests_at(self.revision)
        return Manifests(
            source=wiring.manifest_source(self.settings, relative_to=os.getcwd(), stream=self.stream),
            settings=self.settings,
            settings_directory=self.settings_directory,
            cache=self.cache,
            packed=self.packed,
            head=self._head,
            progress=nothing if self.options.quiet else Progress().step,
        )

    def manifests_at(self, revision: str) -> Manifests:
        """The manifests of a commit, with the settings that it brings; raises CommandError and InvalidSettings."""
        from reconciler.cli.revisions import manifests_at

        return manifests_at(self, revision)

    @cached_property
    def revision(self) -> str | None:
        """What `--rev` says, else the branch of a repository elsewhere that the settings name; None for files."""
        if self.options.rev is not None or self.paths or self.options.manifests:
            return self.options.rev
        return None if self.elsewhere is None else f"refs/heads/{self.elsewhere.branch}"

    @cached_property
    def elsewhere(self) -> "Clone | None":
        """The clone of a repository elsewhere, if the settings name one (`git.repo`); raises CommandError."""
        if self.settings.git.repo is None:
            return None
        from reconciler.cli.following import followed_elsewhere

        return followed_elsewhere(self)

    @cached_property
    def commits(self) -> "Commits":
        """The commits of the repository that this place is in, or follows; raises CommandError."""
        from reconciler.cli.revisions import commits_of, repository_of

        if self.elsewhere is not None:
            return commits_of(self, self.elsewhere.repository, top=self.settings_directory)
        return commits_of(self, repository_of(self))

    def _head(self, read: ManifestRead) -> "Provenance | None":
        """The commit that the files belong to; none where only its signature would make it one to act on."""
        settings = self.settings
        if settings.git.require_signed or not any(map(_is_in_repository, settings.manifest_paths)):
            return None
        from reconciler.sources.head import head_of

        return head_of(
            read,
            roots=settings.manifest_paths,
            ignore=settings.ignore,
            settings_file=None if self.settings_file is None else os.path.abspath(self.settings_file),
        )

    def packed(self, fleet: Fleet, state: State) -> Fleet:
        """The fleet, told what depots hold of the contents that cannot be read here; most fleets have none of them."""
        if all(package.content.readable for package in fleet.packages):
            return fleet
        from reconciler.engine.packed import with_packed

        folder = wiring.depot_folder(self.settings.state_url)
        return with_packed(fleet, state, folder=folder, open_sender=wiring.open_sender)

    @cached_property
    def settings_directory(self) -> str:
        """What relative paths of the settings refer to: the folder of their file, else the working directory."""
        return os.path.dirname(os.path.abspath(self.settings_file)) if self.settings_file else os.getcwd()

    @cached_property
    def stream(self) -> SourceText | None:
        """The manifests that come through standard input, if a path says so: read once, as far as a manifest may go."""
        if STDIN.isdisjoint(self.paths or self.options.manifests):
            return None
        if sys.stdin is None:
            raise CommandError("standard input is closed", code=Exit.USAGE)
        try:
            data = sys.stdin.buffer.read(LARGEST + 1)
        except OSError as error:
            raise CommandError(f"cannot read standard input: {error.strerror}") from None
        return SourceText(file="<stdin>", directory=os.getcwd(), data=data)

    @cached_property
    def limits(self) -> Mapping[GuardName, str]:
        """Where the limit of each guard is set: the line of the settings, or `default`."""
        found = dict.fromkeys(GuardName, DEFAULT)
        for field in self.settings_read.fields:
            guard = field.name.removeprefix("guards.").partition(".")[0]
            if field.name.startswith("guards.") and field.where is not None:
                found[GuardName(guard)] = f"{field.where.file}:{field.where.line}"
        return found

    def check_watchable(self) -> None:
        """Raise CommandError if what is to be watched stands still, or the state is of no kind that we keep."""
        if self.stream is not None:
            raise CommandError("standard input cannot be watched", code=Exit.USAGE, hint="name a folder with -m")
        if self.options.rev is not None:
            raise CommandError(
                "a commit never changes", code=Exit.USAGE, hint="leave --rev out: watch follows a branch"
            )
        self.check_state()

    def check_state(self) -> None:
        """Raise CommandError if the state is of no kind that we keep."""
        try:
            wiring.check_state(self.settings.state_url)
        except StateError as error:
            raise CommandError(str(error), code=Exit.USAGE) from None

    def read_fleet(self) -> FleetRead:
        """Read and check the manifests and what the packages' sources hold."""
        return self.manifests.read()

    @cached_property
    def cache(self) -> DigestCache:
        return DigestCache(cache_directory())

    def open_state(self, *, write: bool) -> State:
        """The state; for reading only under `--dry-run`, whatever the command (cli.md)."""
        self.check_state()
        return wiring.open_state(self.settings.state_url, write=write and not self.options.dry_run)

    def now(self) -> Instant:
        return Instant(int(time.time()))

    def author(self) -> Author:
        return Author(actor=actor(), at=self.now())

    @cached_property
    def settings_file(self) -> str | None:
        """The file named by `--config`, or the nearest one upwards, not beyond the repository's root."""
        if self.options.config is not None:
            return self.options.config
        folder = os.getcwd()
        while True:
            candidate = os.path.join(folder, SETTINGS_FILE)
            if os.path.isfile(candidate):
                return os.path.relpath(candidate)
            if os.path.exists(os.path.join(folder, ".git")) or os.path.dirname(folder) == folder:
                return None
            folder = os.path.dirname(folder)


def _is_in_repository(path: str) -> bool:
    """Asked first: where there is no work tree nothing of git is imported."""
    return any(os.path.lexists(os.path.join(folder, ".git")) for folder in (path, *parents(normal(path))))


def actor() -> str:
    """Who runs the command, for events: the login name, or the number of a user without one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def _absolute(url: str) -> str:
    """A relative SQLite path refers to the working directory."""
    scheme, separator, path = url.partition(":///")
    if not separator or scheme != "sqlite":
        return url
    return f"{scheme}:///{os.path.abspath(path)}"


def work_in(options: Options, paths: Sequence[str] = ()) -> Workplace:
    """The workplace of a command."""
    return Workplace(options, tuple(paths))
