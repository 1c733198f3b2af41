"""The settings of `reconciler.yaml`, resolved."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from reconciler.model.diagnostics import Where
from reconciler.model.instants import Seconds
from reconciler.model.quantities import Bytes, Percent
from reconciler.model.selectors import Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareGuard:
    """Refuse when more than `share` per cent are affected; below `start` affected ones the share is not looked at."""

    share: Percent
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What a plan may do without being asked twice (L16)."""

    changed_packages: ShareGuard = ShareGuard(share=Percent(30.0), start=5)
    cancellations: ShareGuard = ShareGuard(share=Percent(30.0), start=10)
    heals: ShareGuard = ShareGuard(share=Percent(30.0), start=10)
    bytes: Bytes = Bytes(500 * 2**30)
    allow_site_removals: bool = False
    allow_empty_manifests: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """One entry of `spec.defaults`: a partial spec, laid under the specs of one kind, in order.

    `match` is empty for "every object of the kind"; otherwise one of the selectors must match the labels.
    """

    kind: str
    match: tuple[Selector, ...]
    spec: Mapping[str, object]
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    first: Seconds = Seconds(30)
    factor: float = 2.0
    max: Seconds = Seconds(900)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    count: int = 2
    lease: Seconds = Seconds(20)
    retry: Retry = Retry()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """References to secrets (`env:NAME`, `file:/path`), never their values."""

    references: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSettings:
    """Which commits are acted on and trusted; `allowed_signers` is absolute. None where the file does not say."""

    repo: str | None = None
    branch: str | None = None
    poll: Seconds = Seconds(30)
    require_signed: bool = False
    allowed_signers: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsableSites:
    """Sites of others that jobs may use: those with one of these names (patterns, all if empty) whose labels match."""

    names: tuple[str, ...]
    labels: Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """What may be declared in the files that `paths` match, and what of others' the jobs there may use.

    `kinds` and `names` are empty for all; `labels` are those every object there must have.
    """

    paths: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    labels: Mapping[str, str]
    uses_packages: tuple[str, ...] = ()
    uses_sites: tuple[UsableSites, ...] = ()
    where: Where


class EventKind(Enum):
    """What a notifier can be told of."""

    MANIFESTS_INVALID = "manifests-invalid"
    GUARD_REFUSED = "guard-refused"
    COMMIT_REFUSED = "commit-refused"
    HISTORY_REWRITTEN = "history-rewritten"
    BRANCH_MISSING = "branch-missing"
    JOB_READY = "job-ready"
    SEND_FAILED = "send-failed"
    STORE_MISMATCH = "store-mismatch"
    DRIFT_FOUND = "drift-found"
    SITE_OVERDUE = "site-overdue"
    MENDED = "mended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A POST of JSON; `url` may be, and `secret` is, a reference (`env:NAME`, `file:/path`)."""

    url: str
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """Who is told of what: exactly one of `webhook`, `command` and `service`, a reference to an Apprise URL."""

    name: str
    events: frozenset[EventKind]
    webhook: Webhook | None = None
    command: tuple[str, ...] = ()
    service: str | None = None

    @property
    def way(self) -> str:
        """`webhook`, `command` or `service`."""
        if self.webhook is not None:
            return "webhook"
        return "command" if self.command else "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where `watch` serves its page; on loopback unless another address was asked for."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`reconciler.yaml` with every default filled in. `file` is None when there is no such file.

    `manifest_paths` are absolute; `state_url` has an absolute path if it is SQLite's.
    """

    file: str | None
    manifest_paths: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    state_url: str
    guards: Guards = Guards()
    git: GitSettings = GitSettings()
    ownership: tuple[Owned, ...] = ()
    defaults: tuple[Default, ...] = ()
    settle: Seconds = Seconds(2)
    workers: Workers = Workers()
    credentials: Mapping[str, Credential]
    listen: Listen | None = None
    notify: tuple[Notifier, ...] = ()
