"""What a schema cannot say of settings: a secret in a URL, a database of later versions, a placeholder for nothing.

Said of settings that are wrong otherwise too, as everything wrong is said in one run.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from reconciler.manifests import labels
from reconciler.manifests.declaring.complaints import BY_REFERENCE
from reconciler.manifests.declaring.defaults import PLACEHOLDER
from reconciler.manifests.documents import Document
from reconciler.manifests.field_path import dotted
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.ignoring import Patterns
from reconciler.model.quantities import DURATION, parse_duration

Path = tuple[str | int, ...]

_SECRET = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://[^/@]*@|[A-Za-z0-9+.-]+://[^/@]*:[^/@]*@")
"""A password, or over HTTP a user: forges take tokens in its place."""

SHORTEST_LEASE = 10
"""Seconds."""


def settings_faults(document: Document) -> Iterator[Diagnostic]:
    """Everything of that kind."""
    url_path = ("spec", "state", "url")
    url = _value(document, url_path)
    if _holds_secret(url):
        yield _fault(
            document,
            url_path,
            code="secret-in-url",
            message="the url holds a user or a password",
            hint=BY_REFERENCE,
        )
    elif isinstance(url, str) and url.startswith("postgresql://"):
        yield _fault(
            document,
            url_path,
            code="not-yet",
            message="a state at postgresql:// comes in a later version; this one knows sqlite:///PATH",
            hint="write sqlite:///PATH, for example sqlite:///.reconciler/state.db",
        )
    yield from _lease_fault(document)
    yield from _git_faults(document)
    yield from _notifier_faults(document)
    yield from _ownership_faults(document)
    entries = _value(document, ("spec", "defaults"))
    for index in range(len(entries) if isinstance(entries, list) else 0):
        yield from _placeholder_faults(document, ("spec", "defaults", index, "spec", "address"))


def _lease_fault(document: Document) -> Iterator[Diagnostic]:
    """A lease is renewed every few seconds, and five of them must be left when a record is written (sending.md 3)."""
    path = ("spec", "workers", "lease")
    text = _value(document, path)
    if isinstance(text, str) and DURATION.fullmatch(text) and 0 < parse_duration(text) < SHORTEST_LEASE:
        yield _fault(
            document,
            path,
            code="lease-too-short",
            message=f"a lease of {text} may end while its worker is alive",
            hint=f"write {SHORTEST_LEASE}s or more; 20s is the default",
        )


def tells_secret(url: str) -> bool:
    """Whether the URL of a repository holds what nobody else may read."""
    return _SECRET.match(url) is not None


def _git_faults(document: Document) -> Iterator[Diagnostic]:
    path = ("spec", "git", "repo")
    url = _value(document, path)
    if isinstance(url, str) and tells_secret(url):
        yield _fault(
            document,
            path,
            code="secret-in-url",
            message="the url holds a password, or a token as its user",
            hint="leave it to git's own credentials (git help credentials)",
        )
    path = ("spec", "git", "requireSigned")
    if _value(document, path) is True and not _value(document, ("spec", "git", "allowedSigners")):
        yield _fault(
            document,
            path,
            code="no-allowed-signers",
            message="commits must be signed, but nobody is allowed to sign",
            hint="name a file of signers: allowedSigners: FILE",
        )


def _ownership_faults(document: Document) -> Iterator[Diagnostic]:
    """What git would pass over leaves files open to everybody here."""
    entries = _value(document, ("spec", "ownership"))
    for index in range(len(entries) if isinstance(entries, list) else 0):
        patterns = _value(document, ("spec", "ownership", index, "paths"))
        for place, pattern in enumerate(patterns if isinstance(patterns, list) else ()):
            path: Path = ("spec", "ownership", index, "paths", place)
            if isinstance(pattern, str) and not Patterns.of((pattern,)):
                yield _fault(
                    document,
                    path,
                    code="useless-pattern",
                    message=f'"{pattern}" matches no file',
                    hint="write it as in a .gitignore file, without a # in front or a [ that stays open",
                )


def _notifier_faults(document: Document) -> Iterator[Diagnostic]:
    """Each notifier has one way and a name of its own."""
    entries = _value(document, ("spec", "notify"))
    known: dict[str, int] = {}
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, dict):
            continue
        path: Path = ("spec", "notify", index)
        ways = [way for way in ("webhook", "command", "service") if way in entry]
        if len(ways) != 1:
            yield _fault(
                document,
                path,
                code="notifier-ways",
                message=f"a notifier has one way, this one {' and '.join(ways) or 'none'}",
                hint="write one of webhook, command and service",
            )
        webhook = entry.get("webhook")
        if isinstance(webhook, dict) and _names_user(webhook.get("url")):
            yield _fault(
                document,
                (*path, "webhook", "url"),
                code="secret-in-url",
                message="the url holds a user or a password",
                hint=BY_REFERENCE,
            )
        name = entry.get("name")
        if isinstance(name, str) and known.setdefault(name.lower(), index) != index:
            yield _fault(
                document,
                (*path, "name"),
                code="duplicate-notifier",
                message=f'a notifier "{name}" is declared already, as notify[{known[name.lower()]}]',
                hint="rename one of them",
            )


def _names_user(url: object) -> bool:
    """Whether a literal URL of the web has somebody's name before its host."""
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
        return False
    return "@" in re.split(r"[/?#\\]", url.partition("://")[2], maxsplit=1)[0]


def _holds_secret(url: object) -> bool:
    """Whether a PostgreSQL URL names a user or a password; other URLs with one are refused by the schema."""
    if not isinstance(url, str) or not url.startswith("postgresql://"):
        return False
    place, _, query = url.partition("?")
    host = place.removeprefix("postgresql://").partition("/")[0]
    return "@" in host or not parse_qs(query, keep_blank_values=True).keys().isdisjoint(
        ("user", "password", "sslpassword")
    )


def _placeholder_faults(document: Document, path: Path) -> Iterator[Diagnostic]:
    address = _value(document, path)
    for field, text in address.items() if isinstance(address, dict) else ():
        for found in PLACEHOLDER.finditer(text) if isinstance(text, str) else ():
            kind, _, key = found[1].partition(".")
            if found[1] == "name" or (kind == "labels" and labels.is_key(key)):
                continue
            yield _fault(
                document,
                (*path, field),
                code="unknown-placeholder",
                message=f"{found[0]} stands for nothing",
                hint="{name} and {labels.KEY} are filled in",
            )


def _fault(document: Document, path: Path, *, code: str, message: str, hint: str) -> Diagnostic:
    """What is wrong with the value at `path`."""
    return Diagnostic(code=code, message=message, where=document.where(*path), path=dotted(path), hint=hint)


def _value(document: Document, path: Path) -> Any:
    """The value at `path`, None where there is none."""
    value: Any = document.body
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
        else:
            return None
    return value
