"""Whether a commit bears a good signature of one of the allowed signers.

Git itself is not asked: `verify-commit` runs programs that the repository's configuration names (R11). The commit is
read as it is stored, taken apart, and handed to ssh-keygen or gpg of the PATH with files and a key ring of our own.
Only the commit's own signature counts, neither a tag's nor one of its parents'.
"""

import re
from dataclasses import dataclass
from enum import Enum

from reconciler.git.objects import Objects
from reconciler.git.openpgp_signatures import check_openpgp
from reconciler.git.signers import NotSigned, Signers
from reconciler.git.ssh_signatures import check_ssh
from reconciler.model.commits import CommitId, ObjectId

_HEADERS = (b"gpgsig", b"gpgsig-sha256")
"""Headers that hold signatures: the first of commits named by SHA-1, the second of those named by SHA-256."""

_COMMITTED = re.compile(rb"^committer .*> (\d{1,11}) [+-]\d{4}$", re.MULTILINE)


class SignatureKind(Enum):
    SSH = "ssh"
    OPENPGP = "openpgp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who signed: as the file of signers names them, and the key's fingerprint."""

    principal: str
    key: str
    kind: SignatureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What is signed, and the signature of it."""

    payload: bytes
    signature: bytes


def check_signature(objects: Objects, commit: CommitId, signers: Signers) -> Signed:
    """Who of the signers signed the commit; raises NotSigned, and GitFault where the commit cannot be read."""
    data = objects.read(ObjectId(commit), "commit")
    if not data.startswith(b"tree "):
        raise NotSigned("it does not begin as commits do: the tree that is read would not be what is signed")
    parts = _apart(data, ours=_HEADERS[len(commit) == 64])
    if _is_block(parts.signature, b"SSH SIGNATURE"):
        principal, key = check_ssh(parts.payload, parts.signature, signers, at=_committed(parts.payload))
        return Signed(principal=principal, key=key, kind=SignatureKind.SSH)
    if _is_block(parts.signature, b"PGP SIGNATURE"):
        principal, key = check_openpgp(parts.payload, parts.signature, signers)
        return Signed(principal=principal, key=key, kind=SignatureKind.OPENPGP)
    if _is_block(parts.signature, b"SIGNED MESSAGE"):
        raise NotSigned("it is signed with X.509, which is not understood: sign with SSH or OpenPGP")
    raise NotSigned("its signature is neither one of SSH nor one of OpenPGP, or not whole")


def _is_block(signature: bytes, title: bytes) -> bool:
    return signature.startswith(b"-----BEGIN %b-----\n" % title) and signature.endswith(b"\n-----END %b-----\n" % title)


def _apart(data: bytes, *, ours: bytes) -> _Parts:
    """The commit without headers of signatures, and what stands in `ours`; the lines that follow one begin blank."""
    payload: list[bytes] = []
    signatures: list[bytes] = []
    head, separator, message = data.partition(b"\n\n")
    inside = None
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        if name in _HEADERS:
            inside = name
            if name == ours:
                signatures.append(value)
        elif not name and inside:
            if inside == ours:
                signatures[-1] += b"\n" + value
        else:
            inside = None
            payload.append(line)
    if not signatures:
        raise NotSigned("it is not signed")
    if len(signatures) > 1:
        raise NotSigned("it bears more than one signature")
    return _Parts(payload=b"\n".join(payload) + separator + message, signature=signatures[0].rstrip(b"\n") + b"\n")


def _committed(payload: bytes) -> int:
    """When the commit says it was made, seconds since 1970."""
    found = _COMMITTED.search(payload.partition(b"\n\n")[0])
    if found is None:
        raise NotSigned("it does not say when it was made")
    return int(found[1])
