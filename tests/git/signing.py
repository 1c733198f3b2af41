"""Keys of tests, made by the real programs, and commits signed with them, well or badly."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.git.repositories import Repo

_PLAIN = {"PATH": os.environ["PATH"], "LC_ALL": "C"}


@dataclass(frozen=True, kw_only=True)
class SshKey:
    """`public` is the type and the key, as it stands in a file of signers."""

    private: Path
    public: str
    fingerprint: str

    def sign(self, payload: bytes, *, namespace: str = "git", certified: bool = False) -> bytes:
        key = f"{self.private}-cert.pub" if certified else str(self.private)
        return _run(["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", key], given=payload)

    def certify(self, other: "SshKey", principal: str) -> None:
        """Give the other key a certificate of this one."""
        _run(["ssh-keygen", "-q", "-s", str(self.private), "-I", "id", "-n", principal, f"{other.private}.pub"])

    @property
    def options(self) -> tuple[str, ...]:
        """Of git, to sign with it."""
        return ("-c", "gpg.format=ssh", "-c", f"user.signingKey={self.private}")


@dataclass(frozen=True, kw_only=True)
class OpenPgpKey:
    """`armoured` is the public key."""

    home: Path
    user: str
    fingerprint: str
    armoured: str

    def sign(self, payload: bytes, *options: str) -> bytes:
        return _gpg(self.home, *options, "-u", self.fingerprint, "--armor", "--detach-sign", given=payload)

    @property
    def options(self) -> tuple[str, ...]:
        return ("-c", f"user.signingKey={self.fingerprint}", "-c", f"gpg.program={_wrapper(self.home)}")


def ssh_key(folder: Path, name: str) -> SshKey:
    private = folder / name
    _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(private)])
    public = " ".join((folder / f"{name}.pub").read_text().split(" ")[:2])
    told = _run(["ssh-keygen", "-l", "-f", str(private)]).decode()
    return SshKey(private=private, public=public, fingerprint=told.split(" ")[1])


@contextmanager
def openpgp_home() -> Iterator[Path]:
    """A key ring; its path is short, as sockets lie in it, and its agent is ended."""
    home = Path(tempfile.mkdtemp(prefix="keys-"))
    try:
        yield home
    finally:
        _run(["gpgconf", "--homedir", str(home), "--kill", "all"])
        shutil.rmtree(home)


def openpgp_key(home: Path, name: str, *, made: str | None = None, expires: str = "never") -> OpenPgpKey:
    """A new key, made at another time (`20200101T000000`) if that is given."""
    user = f"{name} <{name.lower()}@example.org>"
    at = () if made is None else (f"--faked-system-time={made}!",)
    _gpg(home, *at, "--passphrase=", "--quick-gen-key", user, "ed25519", "sign", expires)
    return _exported(home, user)


def revoked(key: OpenPgpKey) -> OpenPgpKey:
    """The same key, revoked with the certificate that gpg keeps; the secret key still signs elsewhere."""
    kept = (key.home / "openpgp-revocs.d" / f"{key.fingerprint}.rev").read_text().replace("\n:---", "\n---")
    with openpgp_home() as home:
        _gpg(home, "--no-autostart", "--import", given=key.armoured.encode())
        _gpg(home, "--no-autostart", "--import", given=kept[kept.index("-----BEGIN") :].encode())
        armoured = _exported(home, key.user).armoured
    return OpenPgpKey(home=key.home, user=key.user, fingerprint=key.fingerprint, armoured=armoured)


def payload_of(repo: Repo, *, author: str = "Anna <anna@example.org>", committed: int = 1795435200) -> bytes:
    """An unsigned commit of the tree of HEAD."""
    tree = repo.git("rev-parse", "HEAD^{tree}")
    return f"tree {tree}\nauthor {author} 1 +0000\ncommitter {author} {committed} +0000\n\nChange\n".encode()


def with_signature(payload: bytes, signature: bytes, *, header: bytes = b"gpgsig") -> bytes:
    """The commit that git would make of both."""
    head, _, message = payload.partition(b"\n\n")
    return head + b"\n" + header + b" " + signature.rstrip(b"\n").replace(b"\n", b"\n ") + b"\n\n" + message


def stored(repo: Repo, commit: bytes) -> str:
    """Write a commit as it is given; its name."""
    return repo.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", given=commit)


def _exported(home: Path, user: str) -> OpenPgpKey:
    listed = _gpg(home, "--no-autostart", "--with-colons", "--list-keys", user).decode().splitlines()
    fingerprint = next(line.split(":")[9] for line in listed if line.startswith("fpr:"))
    armoured = _gpg(home, "--no-autostart", "--armor", "--export", user).decode()
    return OpenPgpKey(home=home, user=user, fingerprint=fingerprint, armoured=armoured)


def _wrapper(home: Path) -> Path:
    """A gpg that uses this key ring."""
    script = home / "gpg"
    script.write_text(f'#!/bin/sh\nexec gpg --homedir {home} "$@"\n')
    script.chmod(0o755)
    return script


def _gpg(home: Path, *arguments: str, given: bytes = b"") -> bytes:
    return _run(["gpg", f"--homedir={home}", "--batch", "--quiet", "--no-tty", *arguments], given=given)


def _run(command: list[str], *, given: bytes = b"") -> bytes:
    done = subprocess.run(command, env=_PLAIN, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout
