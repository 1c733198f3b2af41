"""The bytes of one file to its documents: manifests.md "Text", reliability.md 1.

A pure function of the bytes and the file's name, and its result is plain data, so it may be kept by content.
"""

import re
from dataclasses import dataclass

import yaml

from reconciler.manifests.parsing.builder import Builder, Parsed
from reconciler.manifests.parsing.encoding import check_bytes
from reconciler.manifests.parsing.mistakes import Mistakes, Spoiled
from reconciler.manifests.parsing.syntax import no_yaml
from reconciler.manifests.parsing.tabs import check_tabs
from reconciler.model.diagnostics import Diagnostic, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The documents of a file, and what is wrong in it. `is_bare`: it holds no document at all."""

    documents: tuple[Parsed, ...] = ()
    mistakes: tuple[Diagnostic, ...] = ()
    is_bare: bool = False


def read_text(data: bytes, file: str) -> Text:
    """The documents of a file; none if it is over a cap or no YAML, as then nothing in it can be relied on."""
    refused = check_bytes(data, file)
    if refused is not None:
        return Text(mistakes=(refused,))
    mistakes = Mistakes(file)
    builder = Builder(data, mistakes)
    try:
        documents = tuple(builder.documents())
        refused = check_tabs(data, file) if b"\t" in data else None
    except Spoiled as spoiled:
        refused = spoiled.diagnostic
    except yaml.YAMLError as error:
        refused = no_yaml(error, data, file)
    if refused is not None:
        return Text(mistakes=(*mistakes.found, refused))
    if not builder.seen:
        return _bare(data, file)
    return Text(documents=documents, mistakes=tuple(mistakes.found))


NO_JOBS = re.compile(rb"# p-[0-9a-f]{8}: no send-only jobs\n")
"""All that `reconcile --dry-run -o yaml` prints when nothing is missing: a stream that says that it is empty."""


def _bare(data: bytes, file: str) -> Text:
    """Half-saved files look like this: an error, never "no objects" (reliability.md 2)."""
    if NO_JOBS.fullmatch(data):
        return Text(is_bare=True)
    what = "only comments" if data.strip() else "nothing"
    hint = "write an object, or remove the file"
    mistake = Diagnostic(code="empty-file", message=f"the file holds {what}", where=Where(file), hint=hint)
    return Text(mistakes=(mistake,), is_bare=True)
