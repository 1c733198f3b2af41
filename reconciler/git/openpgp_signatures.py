"""Signatures by OpenPGP keys, checked by gpg with a key ring of its own that is thrown away."""

import os
import tempfile

from reconciler.git.checkers import Said, run
from reconciler.git.signers import NotSigned, Signers

_ALONE = (
    "--no-options",
    "--batch",
    "--no-tty",
    "--quiet",
    "--no-autostart",
    "--disable-dirmngr",
    "--no-auto-key-retrieve",
    "--no-auto-key-import",
    "--no-auto-key-locate",
    "--no-auto-check-trustdb",
    "--trust-model=always",
    "--weak-digest=SHA1",
    "--weak-digest=RIPEMD160",
    "--status-fd=1",
)
"""No configuration, no agent, no network. Whom to trust is said by the file of signers, so every key counts."""

_WEAK = frozenset(("1", "2", "3"))
"""MD5, SHA-1, RIPEMD-160 (RFC 4880, 9.4)."""

_OF_DOCUMENTS = frozenset(("00", "01"))
"""Classes of signatures of data, binary and text; others are of keys."""

_VERDICTS = {
    "EXPKEYSIG": "it is signed by the OpenPGP key {key}, which has expired",
    "REVKEYSIG": "it is signed by the OpenPGP key {key}, which is revoked",
    "EXPSIG": "its signature by the OpenPGP key {key} has expired",
    "BADSIG": "its OpenPGP signature is bad: it is not of this commit",
}

_NO_KEY, _BAD_DIGEST = "9", "5"
"""Reasons of ERRSIG."""


def check_openpgp(payload: bytes, signature: bytes, signers: Signers) -> tuple[str, str]:
    """(principal, fingerprint) of a good signature by one of the signers; raises NotSigned."""
    with tempfile.TemporaryDirectory(prefix="reconciler-signature-") as folder:
        signed = os.path.join(folder, "signature")
        with open(signed, "xb") as file:
            file.write(signature)
        options = (f"--homedir={folder}", *_ALONE)
        if signers.openpgp:
            taken = run("gpg", *options, "--import", folder=folder, given=signers.openpgp)
            if not _statuses(taken, "IMPORT_OK"):
                raise NotSigned(f"gpg can read no key of {signers.file}")
        said = run("gpg", *options, "--verify", signed, "-", folder=folder, given=payload)
    return _judged(said, signers)


def _judged(said: Said, signers: Signers) -> tuple[str, str]:
    """VALIDSIG alone is not enough: gpg says it of revoked keys too, and ends with 0."""
    good, valid = _statuses(said, "GOODSIG"), _statuses(said, "VALIDSIG")
    errors = _statuses(said, "ERRSIG")
    others = [word for word in _VERDICTS if _statuses(said, word)]
    if len(_statuses(said, "NEWSIG")) > 1:
        raise NotSigned("it bears more than one OpenPGP signature")
    if others:
        word = others[0]
        key = valid[0][0] if valid else _statuses(said, word)[0][0]
        raise NotSigned(_VERDICTS[word].format(key=key))
    if errors:
        raise NotSigned(_why_error(errors[0], signers))
    if said.code or len(good) != 1 or len(valid) != 1:
        raise NotSigned("its OpenPGP signature cannot be read: it is damaged, or of a later kind")
    fields = valid[0]
    fingerprint, digest, class_, primary = fields[0], fields[7], fields[8], fields[9]
    if digest in _WEAK or class_ not in _OF_DOCUMENTS:
        raise NotSigned(_weak(fingerprint))
    return " ".join(good[0][1:]), primary


def _why_error(fields: list[str], signers: Signers) -> str:
    """`ERRSIG keyid pubkey-algorithm hash-algorithm class time reason [fingerprint]`."""
    key = fields[6] if len(fields) > 6 and fields[6] != "-" else fields[0]
    if fields[5] == _NO_KEY:
        return f"it is signed by the OpenPGP key {key}, which is not in {signers.file}"
    if fields[5] == _BAD_DIGEST or fields[2] in _WEAK:
        return _weak(key)
    return f"its signature by the OpenPGP key {key} cannot be checked (gpg's reason {fields[5]})"


def _weak(key: str) -> str:
    return f"its signature by the OpenPGP key {key} is of a kind that does not count, such as one by SHA-1"


def _statuses(said: Said, word: str) -> list[list[str]]:
    """The fields of each status line of this kind (GnuPG's doc/DETAILS); user ids come escaped, in one line."""
    lines = (line.split(" ") for line in said.out.split("\n") if line.startswith("[GNUPG:] "))
    return [fields[2:] for fields in lines if fields[1] == word]
