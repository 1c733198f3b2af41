"""One document to one declaration: what it is, defaults laid under it, its schema, its name and labels, its paths."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.manifests import labels
from reconciler.manifests.declaring.complaints import complaints
from reconciler.manifests.declaring.content import SourceClaim
from reconciler.manifests.declaring.defaults import MissingLabel, Underlay, absolute, filled
from reconciler.manifests.declaring.header import check_header
from reconciler.manifests.declaring.provenance import DocumentProvenance
from reconciler.manifests.documents import Declaration, Document
from reconciler.manifests.parsing.builder import Parsed
from reconciler.manifests.paths import normal
from reconciler.manifests.schemas import is_valid
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.names import NAME, is_reserved
from reconciler.model.settings import Default
from reconciler.model.source_text import SourceText

KINDS = ("Site", "Package", "Job")


class ObjectReader:
    """Reads the documents of one file; `diagnostics` and `sources` grow with each."""

    def __init__(self, source: SourceText, *, defaults: tuple[Default, ...], settings_directory: str) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.sources: list[SourceClaim] = []
        self._source = source
        self._defaults = defaults
        self._settings_directory = settings_directory

    def read(self, parsed: Parsed) -> Declaration | None:
        """The declaration; None if something is wrong with the document."""
        document = document_of(parsed, self._source)
        before = len(self.diagnostics)
        self.diagnostics += check_header(document, KINDS)
        if len(self.diagnostics) > before or document.kind not in KINDS:
            return None
        underlay = underlay_of(document, self._defaults)
        typed = document.body.get("spec")
        spec = underlay.under(typed) if isinstance(typed, Mapping) else typed
        self.diagnostics += self._check(document, spec, underlay)
        sound = parsed.sound and len(self.diagnostics) == before
        if isinstance(spec, Mapping) and (sound or document.kind == "Package"):
            spec = self._located(document, spec, underlay)
        if not sound or len(self.diagnostics) > before or not isinstance(spec, Mapping):
            return None
        return Declaration(document=document, spec=spec)

    def _check(self, document: Document, spec: object, underlay: Underlay) -> Iterator[Diagnostic]:
        laid = underlay.defaults and isinstance(spec, Mapping)
        body = {**document.body, "spec": spec} if laid else document.body
        kind = document.kind.lower()
        if not is_valid(kind, body):
            yield from complaints(
                kind, body, DocumentProvenance(document=document, data=self._source.data, underlay=underlay)
            )
        else:
            yield from _check_metadata(document)

    def _located(self, document: Document, spec: Mapping[str, Any], underlay: Underlay) -> Mapping[str, Any]:
        """The spec with absolute paths, and with placeholders filled in; the source of a broken package counts too."""
        name = "address" if document.kind == "Site" else "source"
        place = spec.get(name)
        if document.kind == "Job" or not isinstance(place, Mapping):
            return spec
        own: Any = document.body["spec"]
        own = own.get(name) if isinstance(own.get(name), Mapping) else {}
        whole = {
            field: value if field in own or name == "source" else self._fill(document, field, value, underlay)
            for field, value in place.items()
        }
        if isinstance(whole.get("path"), str):
            folder = document.directory if "path" in own else self._settings_directory
            whole["path"] = absolute(folder, whole["path"])
            if name == "source":
                self._claim(document, whole["path"], underlay)
        return {**spec, name: whole}

    def _fill(self, document: Document, field: str, value: Any, underlay: Underlay) -> Any:
        """A value of an address that comes from a default."""
        if not isinstance(value, str):
            return value
        try:
            return filled(value, name=document.name, labels=_labels(document))
        except MissingLabel as missing:
            default = underlay.origin(("address", field))
            where = document.where() if default is None else default.where
            self.diagnostics.append(
                Diagnostic(
                    code="missing-label",
                    message=f'site "{document.name}" has no label "{missing}", which this address is made of',
                    where=where,
                    path=f"spec.address.{field}",
                    hint=f"add the label in {document.file}:{document.where('metadata', key=True).line}, "
                    "or give the site an address of its own",
                )
            )
            return value

    def _claim(self, document: Document, path: str, underlay: Underlay) -> None:
        places = DocumentProvenance(document=document, data=self._source.data, underlay=underlay)
        where = places.where(("spec", "source", "path"))
        self.sources.append(
            SourceClaim(package=document.name, folder=path, path=normal(self._source.path), where=where)
        )


def document_of(parsed: Parsed, source: SourceText) -> Document:
    """The document, kind and name as far as they can be read."""
    metadata = parsed.body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    kind = parsed.body.get("kind")
    return Document(
        kind=kind if isinstance(kind, str) else "",
        name=name if isinstance(name, str) else "",
        body=parsed.body,
        file=source.file,
        directory=source.directory,
        marks=parsed.marks,
    )


def underlay_of(document: Document, defaults: Iterable[Default]) -> Underlay:
    """The defaults of the settings that hold for this document."""
    return Underlay.of(defaults, kind=document.kind, labels=_labels(document))


def _labels(document: Document) -> Mapping[str, str]:
    """The labels, as far as they are labels."""
    metadata = document.body.get("metadata")
    found = metadata.get("labels") if isinstance(metadata, Mapping) else None
    if not isinstance(found, Mapping):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _check_metadata(document: Document) -> Iterator[Diagnostic]:
    """Names and keys again, by `fullmatch`: engines read patterns each in its own way (reliability.md 9)."""
    name = document.name
    if not NAME.fullmatch(name):
        where = document.where("metadata", "name")
        yield Diagnostic(code="invalid-name", message=f"{name!r} is not a name", where=where, path="metadata.name")
    elif is_reserved(name):
        yield Diagnostic(
            code="reserved-name",
            message=f'"{name}" is the name of a device and cannot be a folder everywhere',
            where=document.where("metadata", "name"),
            path="metadata.name",
            hint="choose another name",
        )
    for key in _labels(document):
        if not labels.is_key(key):  # the prefix alone may be too long
            where = document.where("metadata", "labels", key, key=True)
            message = f"the key {key!r} is not the key of a label"
            yield Diagnostic(code="invalid-label", message=message, where=where, path="metadata.labels")
