"""The file of those whose signatures count: lines for ssh-keygen, and OpenPGP public keys in ASCII armour."""

from dataclasses import dataclass

LARGEST = 2**24
"""Bytes of such a file."""

_BEGIN = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"
_END = b"-----END PGP PUBLIC KEY BLOCK-----"


class NotSigned(Exception):
    """Why nobody who is allowed to signed a commit, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """`ssh` is the file without its OpenPGP keys, in as many lines; `openpgp` these keys, one after the other."""

    file: str
    ssh: bytes
    openpgp: bytes


def read_signers(file: str) -> Signers:
    """The signers that a file names; raises NotSigned where it cannot be read, or names nobody."""
    try:
        with open(file, "rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as fault:
        raise NotSigned(f"the allowed signers cannot be read: {file}: {fault.strerror}") from fault
    if len(data) > LARGEST:
        raise NotSigned(f"the allowed signers are more than {LARGEST} bytes: {file}")
    signers = _apart(file, data)
    if not signers.openpgp and not any(_names_someone(line) for line in signers.ssh.splitlines()):
        raise NotSigned(f"the file of allowed signers names nobody: {file}")
    return signers


def _apart(file: str, data: bytes) -> Signers:
    ssh: list[bytes] = []
    openpgp: list[bytes] = []
    begun = 0
    for number, line in enumerate(data.splitlines(), start=1):
        text = line.strip()
        if text == _BEGIN and not begun:
            begun = number
        elif text.startswith(b"-----") and (not begun or text != _END):
            raise NotSigned(f"{file}:{number}: {_shown(text)} stands where no such line can be")
        (openpgp if begun else ssh).append(line)
        if begun:
            ssh.append(b"")
        if text == _END:
            begun = 0
    if begun:
        raise NotSigned(f"{file}:{begun}: the OpenPGP key that begins here has no end")
    return Signers(file=file, ssh=_lines(ssh), openpgp=_lines(openpgp))


def _names_someone(line: bytes) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(b"#")


def _lines(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _shown(line: bytes) -> str:
    return line[:60].decode("ascii", errors="backslashreplace")
