"""What is checked of a file's bytes before a parser sees them: size, UTF-8, control characters, tag directives."""

import re

from reconciler.model.diagnostics import Diagnostic, Where

MAX_BYTES = 2**20

_ASCII_TEXT = bytes((0x09, 0x0A, 0x0D, *range(0x20, 0x7F)))
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_TAG_DIRECTIVE = re.compile(rb"^%TAG", re.MULTILINE)
_LINE_BREAK = re.compile("\r\n|\r|\n")


def check_bytes(data: bytes, file: str) -> Diagnostic | None:
    """The first thing that keeps the file from being parsed at all."""
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are read"
        return Diagnostic(code="file-too-large", message=message, where=Where(file), hint="split it")
    if data.translate(None, _ASCII_TEXT):
        found = _check_characters(data, file)
        if found is not None:
            return found
    return _check_directives(data, file)


def place_in(text: str, file: str, index: int) -> Where:
    """Line and column of a character; lines end as YAML's do."""
    breaks = [found.end() for found in _LINE_BREAK.finditer(text, 0, index)]
    begin = breaks[-1] if breaks else int(text.startswith("\ufeff"))
    return Where(file, len(breaks) + 1, index - begin + 1)


def _check_characters(data: bytes, file: str) -> Diagnostic | None:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        return Diagnostic(
            code="not-utf-8",
            message=f"byte {error.start + 1:,} of the file (0x{data[error.start]:02X}) is not UTF-8",
            where=place_in(before, file, len(before)),
            hint="save the file as UTF-8",
        )
    found = _CONTROL.search(text, int(text.startswith("\ufeff")))
    if found is None:
        return None
    return Diagnostic(
        code="control-character",
        message=f"the file holds the control character U+{ord(found[0]):04X}",
        where=place_in(text, file, found.start()),
        hint="remove it; in text between double quotes some can be written as an escape",
    )


def _check_directives(data: bytes, file: str) -> Diagnostic | None:
    """libyaml compares each %TAG with all before it: a megabyte of them would take minutes."""
    found = _TAG_DIRECTIVE.search(data) if b"%TAG" in data else None
    if found is None:
        return None
    text = data[: found.start()].decode()
    return Diagnostic(
        code="directive",
        message="%TAG directives are not read",
        where=place_in(text, file, len(text)),
        hint="remove the line; tags are not read either",
    )
