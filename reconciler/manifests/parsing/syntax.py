"""What libyaml says of text that is no YAML, in words for the person who wrote it."""

import yaml

from reconciler.manifests.parsing.tabs import HINT
from reconciler.model.diagnostics import Diagnostic, Where

_QUOTES = "put text in quotes that begins with such a character"
_ALIGN = "entries of one mapping or list begin in the same column"

_WORDS = {
    "mapping values are not allowed in this context": (
        "a colon is not expected here",
        'put text that holds ": " in quotes, or mend the indentation',
    ),
    "did not find expected key": ("a key is expected here", _ALIGN),
    "did not find expected '-' indicator": ("a dash is expected here", _ALIGN),
    "block sequence entries are not allowed in this context": ("a dash is not expected here", _ALIGN),
    "could not find expected ':'": ("a colon is expected after the key above", "a key ends in a colon and a space"),
    "did not find expected ',' or ']'": ("a comma or ] is expected here", "close the list by ]"),
    "did not find expected ',' or '}'": ("a comma or } is expected here", "close the mapping by }"),
    "did not find expected node content": (
        "a value is expected here",
        "close open brackets; put text in quotes that begins with a sign",
    ),
    "found unexpected end of stream": ("the file ends within quotes", "close the quotes"),
    "found unexpected document indicator": ("the document ends within quotes", "close the quotes"),
    "found unknown escape character": (
        "this escape is not known",
        "put text that holds a backslash in single quotes, or double the backslash",
    ),
    "did not find expected <document start>": ("a new document is expected here", "documents are separated by ---"),
    "found character that cannot start any token": ("no value begins with this character", _QUOTES),
}


def no_yaml(error: yaml.YAMLError, data: bytes, file: str) -> Diagnostic:
    """The diagnostic for the whole file: what stands around the place cannot be known."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read")
    where = Where(file) if mark is None else Where(file, mark.line + 1, mark.column + 1)
    if _is_tab(problem, mark, data):
        return _whole(where, code="tab", message="a tab stands where only spaces may", hint=HINT)
    message, hint = _WORDS.get(problem, (problem, ""))
    return _whole(where, code="syntax", message=f"{message}{_begun(error, mark)}", hint=hint)


def _whole(where: Where, *, code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(code=code, message=f"{message}; nothing of this file is used", where=where, hint=hint)


def _begun(error: yaml.YAMLError, mark: object) -> str:
    """Where the mapping, the list or the quotes begin in which it happened; nothing if that is the same line."""
    context = getattr(error, "context_mark", None)
    if context is None or context.line == getattr(mark, "line", None):
        return ""
    return f", in what begins at line {context.line + 1}, column {context.column + 1}"


def _is_tab(problem: str, mark: object, data: bytes) -> bool:
    if problem.startswith("found a tab character"):
        return True
    index = getattr(mark, "index", -1)
    if problem != "found character that cannot start any token" or index < 0:
        return False
    return data.decode().removeprefix("\ufeff")[index : index + 1] == "\t"
