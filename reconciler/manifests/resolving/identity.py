"""What a fleet means, as one digest (L2): not how it is written, in which files, or in which order."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from reconciler.manifests.resolving.candidates import Candidate
from reconciler.model.names import PackageName
from reconciler.model.packages import Content, SourceProblem

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def line_of(candidate: Candidate, contents: Mapping[PackageName, Content | SourceProblem]) -> bytes:
    """Kind, name, labels and merged spec.

    In place of the source of a package stands what it holds: the same bytes in another folder are the same package.
    """
    spec = dict(candidate.spec)
    if candidate.kind == "Package":
        content = contents[PackageName(candidate.name)]
        if isinstance(content, Content):
            spec["source"] = {"digest": content.digest, "readable": content.readable}
    return _encode([candidate.kind, candidate.name, candidate.labels, spec]).encode()


def fleet_digest(lines: Iterable[bytes]) -> str:
    """`sha256:` and 64 digits, of the lines of all objects in the fleet's order."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
        digest.update(b"\n")
    return f"sha256:{digest.hexdigest()}"
