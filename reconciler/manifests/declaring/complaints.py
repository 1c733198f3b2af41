"""What the schema has against a document, in words for the person who wrote it: one message for each mistake."""

import json
from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from reconciler.manifests.declaring.wording import (
    FORMS,
    TYPES,
    example,
    fields,
    form_of,
    label,
    listed,
    near,
    quoted,
    retype,
    what,
)
from reconciler.manifests.field_path import dotted
from reconciler.manifests.parsing.mistakes import REFUSED, cut
from reconciler.manifests.schemas import validator, whole
from reconciler.model.diagnostics import Diagnostic, Where

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

MAX_COMPLAINTS = 30
"""So many for one document: a list of 50,000 wrong entries is one mistake, and each place costs a search."""

BY_REFERENCE = "secrets stand nowhere in the settings: name a variable by env:NAME or a file by file:/PATH"

Path = tuple[str | int, ...]

_LATER: Mapping[Path, tuple[str, ...]] = {
    ("address", "type"): ("sftp", "s3", "smb", "oci"),
    ("spec", "route"): ("parent",),
}
"""What is named in the manual and comes in a later version."""


_NEEDED = {
    "command": "the phases include `run`: name a command of the package, or write phases: [send, distribute]",
    "values": "In and NotIn compare with values: write values: [A, B]",
}
"""Fields that others make necessary."""


class Provenance(Protocol):
    """Where things stand, and how they were typed."""

    def where(self, path: Path, *, key: bool = False) -> Where:
        """The place of the value at `path`, or of its key; of what is nearest to it if it is not there."""
        ...

    def typed(self, path: Path) -> str | None:
        """A number as it was typed; None where that cannot be known."""
        ...


def complaints(kind: str, body: Any, places: Provenance) -> tuple[Diagnostic, ...]:
    """What the schema of the kind has against the body, at most `MAX_COMPLAINTS`; none if it is valid."""
    report = _Report(kind, places)
    errors = islice(validator(kind).iter_errors(body), MAX_COMPLAINTS)
    for error in sorted(errors, key=_comes_late):
        report.take(error)
    return tuple(report.found)


def _comes_late(error: "ValidationError") -> bool:
    """A field that is missing is said last: perhaps it is there, misspelt. So is a length: it matters least."""
    return error.validator in ("required", "maxLength")


class _Report:
    """`explained` are the paths about which something was said, so that what follows from it is not."""

    def __init__(self, kind: str, places: Provenance) -> None:
        self.found: list[Diagnostic] = []
        self.explained: set[Path] = set()
        self.places = places
        self.kind = kind

    def take(self, error: "ValidationError") -> None:
        """Say what the error means, if it is not said already."""
        path: Path = tuple(error.absolute_path)
        if error.instance is REFUSED:
            self.explained.add(path)
        elif _may_be_secret(path, error.instance):
            self.say(path, code="secret-in-settings", message=f"{label(path)} is no reference", hint=BY_REFERENCE)
        elif error.instance is None:
            hint = "write one, or remove the field"
            self.say(path, code="no-value", message=f"{label(path)} has no value", hint=hint)
        else:
            _WORDS.get(str(error.validator), _other)(self, error, path)

    def say(self, path: Path, *, code: str, message: str, hint: str = "", key: bool = False) -> None:
        """Report something at the value at `path`, or at its key."""
        self.explained.add(path)
        if len(self.found) < MAX_COMPLAINTS:
            where = self.places.where(path, key=key)
            self.found.append(Diagnostic(code=code, message=message, where=where, path=dotted(path), hint=hint))


def _may_be_secret(path: Path, value: object) -> bool:
    """Whether somebody may have typed a secret there, or an address that is one: it is not shown, whatever it is."""
    if path[:2] == ("spec", "credentials"):
        return len(path) == 4
    if path[:2] != ("spec", "notify"):
        return False
    return path[3:] in _SECRET_OF_NOTIFIER or (path[3:] == ("webhook",) and not isinstance(value, dict))


_SECRET_OF_NOTIFIER = (("service",), ("webhook", "secret"), ("webhook", "url"))


# One function for each keyword of JSON Schema that the schemas use


def _type(report: _Report, error: "ValidationError", path: Path) -> None:
    value: Any = error.instance
    rule: Any = error.validator_value
    wanted = [rule] if isinstance(rule, str) else list(rule)
    typed = report.places.typed(path) if isinstance(value, int | float) else None
    message = f"{label(path)} is {what(value, typed)}; it has to be {listed([TYPES[name] for name in wanted])}"
    report.say(path, code="wrong-type", message=message, hint=_retype(report, error, wanted, typed))


def _retype(report: _Report, error: "ValidationError", wanted: list[str], typed: str | None) -> str:
    schema = _schema(error)
    pattern = schema.get("pattern", "")
    if typed is not None and pattern and not whole(pattern).search(typed):
        form = form_of(report.kind, schema)
        return FORMS[form][1] if form else f"for example {example(schema)}"
    known = retype(error.instance, wanted, typed)
    return known if known or "examples" not in schema else f"for example {example(schema)}"


def _enum(report: _Report, error: "ValidationError", path: Path) -> None:
    value: Any = error.instance
    words: Any = error.validator_value
    allowed = [str(word) for word in words]
    if isinstance(value, str) and value in _LATER.get(path[-2:], ()):
        message = f'{label(path)} "{value}" comes in a later version; this one knows {listed(allowed)}'
        report.say(path, code="not-yet", message=message, hint=f"write {listed(allowed)}")
        return
    meant = near(value, allowed)
    hint = f'did you mean "{meant}"?' if meant else ""
    if value == "run" and path[-2:-1] == ("phases",):
        hint = "share-package-on-server runs nothing"
    message = f"{label(path)} is {what(value)}; it has to be {listed(allowed)}"
    report.say(path, code="unknown-value", message=message, hint=hint)


def _pattern(report: _Report, error: "ValidationError", path: Path) -> None:
    value = str(error.instance)
    form = form_of(report.kind, _schema(error))
    if "propertyNames" in error.absolute_schema_path:
        _refuse_form(report, (*path, value), error, form, key=True)
    elif path == ("spec", "state", "url"):
        _url(report, path, value)
    elif not value:
        hint = "write a value, or remove the field"
        report.say(path, code="empty-value", message=f"{label(path)} is empty", hint=hint)
    else:
        _refuse_form(report, path, error, form)


def _refuse_form(report: _Report, path: Path, error: "ValidationError", form: str, *, key: bool = False) -> None:
    noun, hint = FORMS.get(form) or ("of the right form", f"write it as {example(_schema(error))}")
    subject = "the key" if key else label(path)
    message = f"{subject} is {quoted(str(error.instance))}, which is not {noun}"
    if form in ("name", "names", "machine", "machines"):
        report.say(path, code="invalid-name", message=message, hint=hint, key=key)
    elif form in ("labelKey", "labelValue"):
        report.say(path, code="invalid-label", message=message, hint=hint, key=key)
    else:
        report.say(path, code="invalid-format", message=message, hint=hint, key=key)


def _url(report: _Report, path: Path, url: str) -> None:
    """The text is not shown: what is wrong with it may be the password in it."""
    if "@" in url:
        report.say(path, code="secret-in-url", message="the url holds a user or a password", hint=BY_REFERENCE)
    else:
        message = "the url has to be sqlite:///PATH or postgresql://HOST/DATABASE"
        report.say(path, code="invalid-format", message=message, hint="for example sqlite:///.reconciler/state.db")


def _long(report: _Report, error: "ValidationError", path: Path) -> None:
    """The text is not shown, as its beginning says nothing; one that is of the wrong form too was called so already."""
    text = str(error.instance)
    key = "propertyNames" in error.absolute_schema_path
    path = (*path, text) if key else path
    if path in report.explained:
        return
    form = form_of(report.kind, _schema(error))
    subject = "the key" if key else label(path)
    message = f"{subject} has {len(text):,} characters; it has to have at most {error.validator_value:,}"
    code = "invalid-label" if form == "labelKey" else "invalid-format"
    report.say(path, code=code, message=message, hint=FORMS[form][1] if form else "shorten it", key=key)


def _unknown(report: _Report, error: "ValidationError", path: Path) -> None:
    body: Any = error.instance
    known = fields(_schema(error))
    if error.validator == "unevaluatedProperties" and (*path, "type") in report.explained:
        return  # which fields there are depends on the type
    for name in islice((name for name in body if name not in known), MAX_COMPLAINTS):
        meant = near(name, known)
        hint = f'did you mean "{meant}"?' if meant else f"known here: {', '.join(sorted(known))}"
        message = f"unknown field {quoted(name)}"
        report.say((*path, name), code="unknown-field", message=message, hint=hint, key=True)
        if meant:
            report.explained.add((*path, meant))


def _required(report: _Report, error: "ValidationError", path: Path) -> None:
    body: Any = error.instance
    if any((*path, condition) in report.explained for condition in ("type", "phases", "operator")):
        return
    required: Any = error.validator_value
    for name in required:
        field = (*path, name)
        if name in body or field in report.explained:
            continue
        report.explained.add(field)
        sample = example(fields(_schema(error)).get(name, {}))
        hint = f"for example {name}: {sample}" if sample else _NEEDED.get(name, "")
        message = f'the field "{name}" is missing' + (f" in {label(path)}" if path else "")
        where = report.places.where(path, key=True)
        report.found.append(
            Diagnostic(code="missing-field", message=message, where=where, path=dotted(field), hint=hint)
        )


def _not(report: _Report, error: "ValidationError", path: Path) -> None:
    del error
    reason = "share-package-on-server runs nothing" if path[-1] == "command" else "this operator compares with nothing"
    message = f"{label(path)} does not belong here: {reason}"
    report.say(path, code="field-not-allowed", message=message, hint="remove the field", key=True)


def _contains(report: _Report, error: "ValidationError", path: Path) -> None:
    wanted: Any = error.validator_value
    message = f'{label(path)} lacks "{wanted["const"]}"'
    report.say(path, code="missing-value", message=message, hint="what is not sent cannot be made ready")


def _few(report: _Report, error: "ValidationError", path: Path) -> None:
    known = sorted(fields(_schema(error)))
    hint = f"write {listed(known)}" if known else "write at least one entry"
    report.say(path, code="empty-value", message=f"{label(path)} is empty", hint=hint)


def _unique(report: _Report, error: "ValidationError", path: Path) -> None:
    items: Any = error.instance
    message = f"{quoted(items[path[-1]])} stands twice in {label(path[:-1])}"
    report.say(path, code="repeated-value", message=message, hint="remove one of the two")


def _range(report: _Report, error: "ValidationError", path: Path) -> None:
    bound = "at least" if error.validator == "minimum" else "at most"
    typed = report.places.typed(path) or json.dumps(error.instance)
    message = f"{label(path)} is {typed}; it has to be {bound} {error.validator_value}"
    report.say(path, code="out-of-range", message=message)


def _other(report: _Report, error: "ValidationError", path: Path) -> None:
    report.say(path, code="invalid", message=f"{label(path)} is not valid: {cut(error.message)}")


def _schema(error: "ValidationError") -> Mapping[str, Any]:
    schema: Any = error.schema
    return schema if isinstance(schema, Mapping) else {}


_WORDS: Mapping[str, Callable[[_Report, "ValidationError", Path], None]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "maxLength": _long,
    "additionalProperties": _unknown,
    "unevaluatedProperties": _unknown,
    "required": _required,
    "not": _not,
    "contains": _contains,
    "minItems": _few,
    "minProperties": _few,
    "uniqueItems": _unique,
    "minimum": _range,
    "maximum": _range,
}
