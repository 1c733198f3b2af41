"""`reconciler.yaml`: the settings with every default filled in, and where each value was written."""

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from reconciler.manifests.declaring.complaints import complaints
from reconciler.manifests.declaring.defaults import absolute, reaches
from reconciler.manifests.declaring.header import SETTINGS_KIND, check_header
from reconciler.manifests.declaring.object_reader import document_of
from reconciler.manifests.declaring.provenance import DocumentProvenance
from reconciler.manifests.declaring.settings_faults import settings_faults
from reconciler.manifests.documents import Document
from reconciler.manifests.field_path import dotted
from reconciler.manifests.parsing.text import read_text
from reconciler.manifests.schemas import is_valid
from reconciler.manifests.selectors import read_selector
from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.quantities import parse_duration, parse_share, parse_size
from reconciler.model.settings import (
    Credential,
    Default,
    EventKind,
    GitSettings,
    Guards,
    Listen,
    Notifier,
    Owned,
    Retry,
    Settings,
    ShareGuard,
    UsableSites,
    Webhook,
    Workers,
)
from reconciler.model.source_text import SourceText

Value = TypeVar("Value")

DEFAULTS: Mapping[str, Any] = {
    "manifests.paths": [],
    "manifests.ignore": [],
    "state.url": "sqlite:///.reconciler/state.db",
    "guards.changedPackages.share": "30%",
    "guards.changedPackages.from": 5,
    "guards.cancellations.share": "30%",
    "guards.cancellations.from": 10,
    "guards.heals.share": "30%",
    "guards.heals.from": 10,
    "guards.bytes": "500GiB",
    "guards.siteRemovals": "refuse",
    "guards.emptyManifests": "refuse",
    "git.repo": None,
    "git.branch": None,
    "git.poll": "30s",
    "git.requireSigned": False,
    "git.allowedSigners": None,
    "ownership": [],
    "defaults": [],
    "settle": "2s",
    "workers.count": 2,
    "workers.lease": "20s",
    "workers.retry.first": "30s",
    "workers.retry.factor": 2,
    "workers.retry.max": "15m",
    "credentials": {},
    "metrics.listen": None,
    "notify": [],
}
"""Each field beneath `spec`, and what holds where it is not written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingField:
    """One setting for `reconcile config`: its value as plain data; `where` it was written, None for a default."""

    name: str
    value: Any
    where: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsRead:
    """`settings` is None if anything is wrong; `fields` are then empty."""

    settings: Settings | None
    diagnostics: tuple[Diagnostic, ...] = ()
    fields: tuple[SettingField, ...] = ()


def read_settings(source: SourceText | None, *, directory: str) -> SettingsRead:
    """The settings of a file, or without one the defaults as seen from `directory`.

    `manifest_paths` is empty where the file does not say: the caller looks which folders there are.
    """
    if source is None:
        reader = _Reader(_nothing_written(directory))
        return SettingsRead(settings=reader.settings(), fields=reader.fields())
    text = read_text(source.data, source.file)
    faults = list(text.mistakes)
    documents = [document_of(parsed, source) for parsed in text.documents]
    for document in documents[:1]:
        faults += _check(document, source)
    faults += map(_superfluous, documents[1:])
    if not faults:
        reader = _Reader(documents[0])
        settings = reader.settings()
        faults = reader.faults
        if not faults:
            return SettingsRead(settings=settings, fields=reader.fields())
    return SettingsRead(settings=None, diagnostics=tuple(sorted(faults, key=lambda fault: fault.order)))


def _nothing_written(directory: str) -> Document:
    return Document(kind=SETTINGS_KIND, name="", body={"spec": {}}, file="", directory=directory, marks=array("i"))


def _check(document: Document, source: SourceText) -> Iterator[Diagnostic]:
    faults = list(check_header(document, (SETTINGS_KIND,)))
    yield from faults
    if faults:
        return
    if not is_valid("config", document.body):
        yield from complaints("config", document.body, DocumentProvenance(document=document, data=source.data))
    yield from settings_faults(document)


def _superfluous(document: Document) -> Diagnostic:
    return Diagnostic(
        code="second-document",
        message="the settings are one object, and this is another",
        where=document.where(),
        hint="move it to the manifests, or remove it",
    )


class _Reader:
    """Reads a document that is valid by its schema; what the schema cannot know is collected in `faults`."""

    def __init__(self, document: Document) -> None:
        self.faults: list[Diagnostic] = []
        self._document = document
        self._directory = document.directory

    def settings(self) -> Settings:
        return Settings(
            file=self._document.file or None,
            manifest_paths=self._paths(),
            ignore=tuple(self._value("manifests.ignore")),
            state_url=self._url(self._value("state.url")),
            guards=Guards(
                changed_packages=self._share_guard("guards.changedPackages"),
                cancellations=self._share_guard("guards.cancellations"),
                heals=self._share_guard("guards.heals"),
                bytes=self._parsed("guards.bytes", parse_size),
                allow_site_removals=self._value("guards.siteRemovals") == "allow",
                allow_empty_manifests=self._value("guards.emptyManifests") == "allow",
            ),
            git=self._git(),
            ownership=tuple(self._owned(index, body) for index, body in enumerate(self._value("ownership"))),
            defaults=tuple(self._default(index, body) for index, body in enumerate(self._value("defaults"))),
            settle=self._parsed("settle", parse_duration),
            workers=self._workers(),
            credentials={
                name: Credential(references=references) for name, references in self._value("credentials").items()
            },
            listen=_listen(self._value("metrics.listen")),
            notify=tuple(map(_notifier, self._value("notify"))),
        )

    def fields(self) -> tuple[SettingField, ...]:
        """Every setting, sorted by name; paths as they are understood."""
        values = {name: self._value(name) for name in DEFAULTS}
        values["manifests.paths"] = list(self._paths())
        values["state.url"] = self._url(values["state.url"])
        return tuple(
            SettingField(name=name, value=value, where=self._where(name)) for name, value in sorted(values.items())
        )

    def _paths(self) -> tuple[str, ...]:
        return tuple(absolute(self._directory, path) for path in self._value("manifests.paths"))

    def _share_guard(self, name: str) -> ShareGuard:
        return ShareGuard(share=self._parsed(f"{name}.share", parse_share), start=self._value(f"{name}.from"))

    def _workers(self) -> Workers:
        return Workers(
            count=self._value("workers.count"),
            lease=self._parsed("workers.lease", parse_duration),
            retry=Retry(
                first=self._parsed("workers.retry.first", parse_duration),
                factor=float(self._value("workers.retry.factor")),
                max=self._parsed("workers.retry.max", parse_duration),
            ),
        )

    def _git(self) -> GitSettings:
        signers = self._value("git.allowedSigners")
        return GitSettings(
            repo=self._value("git.repo"),
            branch=self._value("git.branch"),
            poll=self._parsed("git.poll", parse_duration),
            require_signed=self._value("git.requireSigned"),
            allowed_signers=None if signers is None else absolute(self._directory, signers),
        )

    def _owned(self, index: int, body: Mapping[str, Any]) -> Owned:
        uses = body.get("uses", {})
        return Owned(
            paths=tuple(body["paths"]),
            kinds=tuple(body.get("kinds", ())),
            names=tuple(body.get("names", ())),
            labels=body.get("labels", {}),
            uses_packages=tuple(uses.get("packages", ())),
            uses_sites=tuple(
                UsableSites(names=tuple(usable.get("names", ())), labels=read_selector(usable))
                for usable in uses.get("sites", ())
            ),
            where=self._document.where("spec", "ownership", index),
        )

    def _default(self, index: int, body: Mapping[str, Any]) -> Default:
        return Default(
            kind=body["kind"],
            match=tuple(read_selector(selector) for selector in body.get("match", ())),
            spec=body["spec"],
            where=self._document.where("spec", "defaults", index),
        )

    def _url(self, url: str) -> str:
        """The URL, with an absolute path if it is SQLite's."""
        if not url.startswith("sqlite:///"):
            return url
        return f"sqlite:///{absolute(self._directory, url.removeprefix('sqlite:///'))}"

    def _parsed(self, name: str, parse: Callable[[str], Value]) -> Value:
        """The setting of this name, parsed; its default if it cannot be, and that is said."""
        try:
            return parse(self._value(name))
        except ValueError as error:
            path = ("spec", *name.split("."))
            where = self._document.where(*path)
            self.faults.append(Diagnostic(code="invalid-value", message=str(error), where=where, path=dotted(path)))
            return parse(DEFAULTS[name])

    def _value(self, name: str) -> Any:
        """The setting of this name as it was typed, or its default."""
        value: Any = self._document.body["spec"]
        for step in name.split("."):
            if step not in value:
                return DEFAULTS[name]
            value = value[step]
        return value

    def _where(self, name: str) -> Where | None:
        path = ("spec", *name.split("."))
        return self._document.where(*path) if reaches(self._document.body, path) else None


LOOPBACK = "127.0.0.1"


def _listen(text: str | None) -> Listen | None:
    """Of `HOST:PORT` or `PORT`; an IPv6 address is written without brackets."""
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    return Listen(host=host or LOOPBACK, port=int(port))


def _notifier(body: Mapping[str, Any]) -> Notifier:
    webhook = body.get("webhook")
    return Notifier(
        name=body["name"],
        events=frozenset(map(EventKind, body.get("events", EventKind))),
        webhook=None if webhook is None else Webhook(url=webhook["url"], secret=webhook.get("secret")),
        command=tuple(body.get("command", ())),
        service=body.get("service"),
    )
