"""The only module that names concrete plug-ins: plain tables, name → factory; libraries are imported inside."""

import hashlib
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.model.faults import StateError
from reconciler.model.settings import Notifier, Settings
from reconciler.model.sites import Address
from reconciler.model.source_text import SourceText
from reconciler.senders.protocol import Sender
from reconciler.sources.directory import read_manifests
from reconciler.sources.manifest_read import ManifestRead
from reconciler.state.protocol import State

if TYPE_CHECKING:
    from reconciler.state.examining import Examination
    from reconciler.tellers.protocol import Teller


def _sqlite(url: str, *, write: bool) -> State:
    from reconciler.state.sqlite import open_sqlite

    return open_sqlite(url.removeprefix("sqlite:///"), write=write)


STATES: Mapping[str, Callable[..., State]] = {"sqlite": _sqlite}
"""Scheme of `--state` → factory of (url, write)."""


def open_state(url: str, *, write: bool) -> State:
    """The state at `url`; raises StateError. With `write` False nothing is created or changed."""
    check_state(url)
    return STATES[_scheme(url)](url, write=write)


def _examine_sqlite(url: str) -> "Examination":
    from reconciler.state.examining import examine_sqlite

    return examine_sqlite(url.removeprefix("sqlite:///"))


EXAMINATIONS: Mapping[str, Callable[[str], "Examination"]] = {"sqlite": _examine_sqlite}
"""Scheme of `--state` → a look at it for `doctor`."""


def examine_state(url: str) -> "Examination":
    """How the state at `url` is; raises StateError. Nothing is created or changed."""
    check_state(url)
    return EXAMINATIONS[_scheme(url)](url)


def examine_copy(url: str, file: str) -> "Examination":
    """How a copy of the state at `url` is; see `examine_state`."""
    return EXAMINATIONS[_scheme(url)](f"{_scheme(url)}:///{file}")


def _restore_sqlite(url: str, file: str) -> str | None:
    from reconciler.state.restoring import restore

    return restore(file, url.removeprefix("sqlite:///"))


RESTORERS: Mapping[str, Callable[[str, str], str | None]] = {"sqlite": _restore_sqlite}
"""Scheme of `--state` → puts a copy back in the place of (url, file)."""


def restore_state(url: str, file: str) -> str | None:
    """Make the state at `url` what the copy is; returns where what was there is kept. Raises StateError."""
    check_state(url)
    return RESTORERS[_scheme(url)](url, file)


def check_state(url: str) -> None:
    """Raise StateError if this is no address of a state; says what one looks like."""
    if _scheme(url) in STATES and url.startswith(f"{_scheme(url)}:///"):
        return
    offered = " or ".join(f"{name}:///PATH" for name in STATES)
    if url.startswith("postgresql:"):
        raise StateError(f"a state at postgresql: addresses comes in a later version; use {offered}")
    if ":" in url:
        raise StateError(f"no state is kept at {_scheme(url)}: addresses; use {offered}")
    raise StateError(f"{url} is no address of a state; use {offered}, for example sqlite:///{url}")


def depot_folder(url: str) -> str:
    """Where the parcels of origins without an address are kept: beside the state."""
    return os.path.join(os.path.dirname(url.removeprefix("sqlite:///")), "depot")


def clone_folder(url: str, repository: str) -> str:
    """Where the clone of a repository that is elsewhere is kept: beside the state, each under a name of its own."""
    name = hashlib.sha256(repository.encode(errors="surrogateescape")).hexdigest()[:16]
    return os.path.join(os.path.dirname(url.removeprefix("sqlite:///")), "clones", f"{name}.git")


def _scheme(url: str) -> str:
    return url.partition(":")[0]


def _directory(address: Address) -> Sender:
    from reconciler.senders.directory import open_directory

    return open_directory(address)


SENDERS: Mapping[str, Callable[[Address], Sender]] = {"directory": _directory}
"""`spec.address.type` → factory of an address."""


def open_sender(address: Address) -> Sender:
    """The way to a site's store; raises StoreFault. The schema lets no address pass whose type is not in the table."""
    return SENDERS[address.type](address)


def _webhook(notifier: Notifier, variables: Mapping[str, str], _private: Collection[str]) -> "Teller":
    from reconciler.model.secrets import Secret
    from reconciler.tellers.references import is_reference, resolve
    from reconciler.tellers.webhook import WebhookTeller

    webhook = notifier.webhook
    if webhook is None:
        raise ValueError(f"notifier {notifier.name} is no webhook")
    url = resolve(webhook.url, variables) if is_reference(webhook.url) else Secret(webhook.url)
    key = None if webhook.secret is None else resolve(webhook.secret, variables)
    return WebhookTeller(url=url, key=key, clock=time.time)


def _command(notifier: Notifier, variables: Mapping[str, str], private: Collection[str]) -> "Teller":
    from reconciler.tellers.command import CommandTeller

    seen = {name: value for name, value in variables.items() if name not in private}
    return CommandTeller(arguments=notifier.command, environment=seen)


def _service(notifier: Notifier, variables: Mapping[str, str], _private: Collection[str]) -> "Teller":
    from reconciler.tellers.references import resolve
    from reconciler.tellers.service import ServiceTeller

    return ServiceTeller(url=resolve(notifier.service or "", variables))


TELLERS: Mapping[str, Callable[[Notifier, Mapping[str, str], Collection[str]], "Teller"]] = {
    "webhook": _webhook,
    "command": _command,
    "service": _service,
}
"""Way of a notifier → factory of (notifier, environment, names of variables that hold secrets)."""


def open_teller(notifier: Notifier, *, variables: Mapping[str, str], private: Collection[str]) -> "Teller":
    """How this notifier is told; raises NotTold if its secrets are not there."""
    return TELLERS[notifier.way](notifier, variables, private)


def private_variables(settings: Settings) -> frozenset[str]:
    """Variables that the settings name as secrets: no program that is started sees them."""
    from reconciler.tellers.references import variable_of

    webhooks = [notifier.webhook for notifier in settings.notify if notifier.webhook is not None]
    references = [
        *(notifier.service for notifier in settings.notify),
        *(webhook.url for webhook in webhooks),
        *(webhook.secret for webhook in webhooks),
        *(reference for credential in settings.credentials.values() for reference in credential.references.values()),
    ]
    return frozenset(name for name in map(variable_of, references) if name is not None)


def manifest_source(
    settings: Settings, *, relative_to: str, stream: SourceText | None = None
) -> Callable[[], ManifestRead]:
    """How the manifests are read, with `stream` beside the files; those are named relative to `relative_to`."""
    skip = () if settings.file is None else (settings.file,)

    def read() -> ManifestRead:
        found = read_manifests(
            settings.manifest_paths, ignore=settings.ignore, skip_files=skip, relative_to=relative_to
        )
        return found if stream is None else replace(found, texts=(*found.texts, stream))

    return read
