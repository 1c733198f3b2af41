"""Where the values of a merged object were written: in its document, or in a default of the settings."""

import re
from dataclasses import dataclass

from reconciler.manifests.declaring.defaults import Underlay, reaches
from reconciler.manifests.documents import Document
from reconciler.model.diagnostics import Where

_LINE_BREAK = re.compile("\r\n|\r|\n")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentProvenance:
    """For messages about one document, made only once there is something to say."""

    document: Document
    data: bytes
    underlay: Underlay = Underlay(defaults=())

    def where(self, path: tuple[str | int, ...], *, key: bool = False) -> Where:
        """The place of the value at `path`, or of its key, or of the default it comes from."""
        default = None if reaches(self.document.body, path) else self.underlay.origin(path[1:])
        return self.document.where(*path, key=key) if default is None else default.where

    def typed(self, path: tuple[str | int, ...]) -> str | None:
        """The number at `path` as it was typed; None if it comes from elsewhere."""
        if not reaches(self.document.body, path):
            return None
        where = self.document.where(*path)
        line = _LINE_BREAK.split(self.data.decode().removeprefix("\ufeff"))[where.line - 1]
        found = _NUMBER.match(line, where.column - 1)
        return found[0] if found else None
