"""Signatures by SSH keys, checked by ssh-keygen against lines of ALLOWED SIGNERS."""

import os
import re
import tempfile
from datetime import UTC, datetime

from reconciler.git.checkers import Said, run
from reconciler.git.signers import NotSigned, Signers

_NAMESPACE = "git"
"""What git signs as: a signature for files or mail is none of a commit."""

_KEY = re.compile(r" with (\S+ key \S+)$", re.MULTILINE)
_VALIDITY = re.compile(r"^[^\n]*:(\d+): key (has expired|is not yet valid): ", re.MULTILINE)


def check_ssh(payload: bytes, signature: bytes, signers: Signers, *, at: int) -> tuple[str, str]:
    """(principal, key) of a good signature by one of the signers; raises NotSigned.

    As git does it: a key must be valid `at` the time of the commit, seconds since 1970, not now.
    """
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y%m%d%H%M%S")
    with tempfile.TemporaryDirectory(prefix="reconciler-signature-") as folder:
        allowed = _written(folder, "allowed", signers.ssh)
        signed = _written(folder, "signature", signature)
        known = ("-f", allowed, "-s", signed, f"-Overify-time={moment}")
        found = run("ssh-keygen", "-Y", "find-principals", *known, folder=folder)
        principals = found.out.rstrip("\n").split("\n") if found.code == 0 else ()
        said = found
        for principal in principals:
            said = run(
                "ssh-keygen", "-Y", "verify", "-n", _NAMESPACE, "-I", principal, *known, folder=folder, given=payload
            )
            if said.code == 0:
                return principal, _key(said)
        anybody = run(
            "ssh-keygen", "-Y", "check-novalidate", "-n", _NAMESPACE, "-s", signed, folder=folder, given=payload
        )
    if anybody.code:
        raise NotSigned(_why_bad(anybody.error))
    raise NotSigned(_why_not_allowed(_key(anybody), said, signers))


def _why_bad(error: str) -> str:
    if "namespace does not match" in error:
        return f'its SSH signature is not made for "{_NAMESPACE}"'
    if "incorrect signature" in error:
        return "its SSH signature is bad: it is not of this commit"
    return "its SSH signature cannot be read: it is damaged, or of a later kind"


def _why_not_allowed(key: str, said: Said, signers: Signers) -> str:
    validity = _VALIDITY.search(said.error)
    if validity is not None:
        when = "had expired" if validity[2] == "has expired" else "was not yet valid"
        return f"it is signed by {key}, which {when} when the commit was made ({signers.file}:{validity[1]})"
    if "not permitted for use in signature namespace" in said.error:
        return f'it is signed by {key}, which {signers.file} does not allow to sign as "{_NAMESPACE}"'
    return f"it is signed by {key}, which is not in {signers.file}"


def _key(said: Said) -> str:
    """`ED25519 key SHA256:...`."""
    found = _KEY.search(said.out)
    if found is None:
        raise NotSigned("the signature cannot be checked: ssh-keygen names no key")
    return found[1]


def _written(folder: str, name: str, data: bytes) -> str:
    path = os.path.join(folder, name)
    with open(path, "xb") as file:
        file.write(data)
    return path
