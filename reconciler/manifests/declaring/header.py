"""What a document says it is: `apiVersion` and `kind`. Nothing else can be said of it before that is known."""

from collections.abc import Iterator, Sequence

from reconciler.manifests.declaring.wording import listed, near, what
from reconciler.manifests.documents import Document
from reconciler.manifests.parsing.mistakes import REFUSED
from reconciler.model.diagnostics import Diagnostic

API_VERSION = "reconciler/v1"
SETTINGS_KIND = "Config"


def check_header(document: Document, kinds: Sequence[str]) -> Iterator[Diagnostic]:
    """What keeps the document from being one of `kinds`."""
    for field, allowed in (("apiVersion", (API_VERSION,)), ("kind", tuple(kinds))):
        value = document.body.get(field, REFUSED)
        if field not in document.body:
            yield Diagnostic(
                code="missing-field",
                message=f'the field "{field}" is missing',
                where=document.where(),
                path=field,
                hint=f"write {field}: {listed(allowed)}",
            )
        elif value is not REFUSED and value not in allowed:
            yield _unknown(document, field, allowed)


def _unknown(document: Document, field: str, allowed: Sequence[str]) -> Diagnostic:
    value = document.body[field]
    where = document.where(field)
    if value is None:
        hint = f"write {field}: {listed(allowed)}"
        return Diagnostic(code="no-value", message=f"{field} has no value", where=where, path=field, hint=hint)
    if value == SETTINGS_KIND:
        return Diagnostic(
            code="config-in-manifests",
            message="settings stand among the manifests",
            where=where,
            path=field,
            hint="write them to reconciler.yaml, or name their file by --config",
        )
    meant = near(value, allowed)
    hint = f'did you mean "{meant}"?' if meant else ""
    message = f"{field} is {what(value)}; it has to be {listed(allowed)}"
    if field == "kind":
        return Diagnostic(code="unknown-kind", message=message, where=where, path=field, hint=hint)
    return Diagnostic(code="unknown-api-version", message=message, where=where, path=field, hint=hint)
