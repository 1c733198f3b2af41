"""What a fleet means, as one digest (L2): not how it is written, in which files, or in which order."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from reconciler.manifests.resolving.candidates import Candidate
from reconciler.model.names import PackageName
from reconciler.model.packages import Content, SourceProblem


def fleet_digest(candidates: Iterable[Candidate], contents: Mapping[PackageName, Content | SourceProblem]) -> str:
    """`sha256:` and 64 digits, of kind, name, labels and merged spec of each candidate, given in the fleet's order.

    In place of the source of a package stands what it holds: the same bytes in another folder are the same package.
    """
    encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
    digest = hashlib.sha256()
    for candidate in candidates:
        spec = dict(candidate.spec)
        if candidate.kind == "Package":
            content = contents[PackageName(candidate.name)]
            if isinstance(content, Content):
                spec["source"] = {"digest": content.digest, "readable": content.readable}
        digest.update(encode([candidate.kind, candidate.name, candidate.labels, spec]).encode())
        digest.update(b"\n")
    return f"sha256:{digest.hexdigest()}"
