"""Who signed a commit, by the real programs, over commits signed well and badly."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.git.objects import Objects
from reconciler.git.signatures import SignatureKind, Signed, check_signature
from reconciler.git.signers import NotSigned, read_signers
from reconciler.model.commits import CommitId
from reconciler.model.faults import GitFault
from tests.git.repositories import Repo
from tests.git.signing import (
    OpenPgpKey,
    SshKey,
    openpgp_home,
    openpgp_key,
    payload_of,
    revoked,
    ssh_key,
    stored,
    with_signature,
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def anna(keys: Path) -> SshKey:
    return ssh_key(keys, "anna")


@pytest.fixture(scope="module")
def stranger(keys: Path) -> SshKey:
    return ssh_key(keys, "stranger")


@pytest.fixture(scope="module")
def ring() -> Iterator[Path]:
    with openpgp_home() as home:
        yield home


@pytest.fixture(scope="module")
def ben(ring: Path) -> OpenPgpKey:
    return openpgp_key(ring, "Ben")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo.new(tmp_path / "repo")
    repo.put("manifests/site.yaml", "kind: Site\n")
    repo.commit()
    return repo


def check(repo: Repo, commit: str, *lines: str) -> Signed:
    file = repo.path.parent / "signers"
    file.write_text("\n".join((*lines, "")))
    with Objects(str(repo.path / ".git")) as objects:
        return check_signature(objects, CommitId(commit), read_signers(str(file)))


def refused(repo: Repo, commit: str, *lines: str) -> str:
    """Why, with the file of signers named FILE."""
    with pytest.raises(NotSigned) as found:
        check(repo, commit, *lines)
    reason = str(found.value)
    assert "\n" not in reason
    return reason.replace(str(repo.path.parent / "signers"), "FILE")


def signed(repo: Repo, key: SshKey | OpenPgpKey) -> str:
    """A commit that git itself signed."""
    repo.git(*key.options, "commit", "--quiet", "--allow-empty", "--gpg-sign", "--message=Change\n\nA body.")
    return repo.git("rev-parse", "HEAD")


def as_anna(key: SshKey) -> str:
    return f"anna@example.org {key.public}"


def test_a_commit_signed_by_an_allowed_ssh_key_is_signed(repo: Repo, anna: SshKey) -> None:
    assert check(repo, signed(repo, anna), "# Those who may.", as_anna(anna)) == Signed(
        principal="anna@example.org", key=f"ED25519 key {anna.fingerprint}", kind=SignatureKind.SSH
    )


def test_a_commit_signed_by_an_allowed_openpgp_key_is_signed(repo: Repo, ben: OpenPgpKey) -> None:
    assert check(repo, signed(repo, ben), ben.armoured) == Signed(
        principal="Ben <ben@example.org>", key=ben.fingerprint, kind=SignatureKind.OPENPGP
    )


def test_a_file_of_signers_holds_both_kinds(repo: Repo, anna: SshKey, ben: OpenPgpKey) -> None:
    file = (as_anna(anna), ben.armoured, f"late@example.org {anna.public}")
    assert check(repo, signed(repo, anna), *file).kind is SignatureKind.SSH
    assert check(repo, signed(repo, ben), *file).kind is SignatureKind.OPENPGP


def test_a_merge_commit_needs_a_signature_of_its_own(repo: Repo, anna: SshKey) -> None:
    first = signed(repo, anna)
    repo.git("checkout", "--quiet", "-b", "side")
    signed(repo, anna)
    repo.git("checkout", "--quiet", "main")
    repo.git("merge", "--quiet", "--no-ff", "--message=Merge", "side")
    merge = repo.git("rev-parse", "HEAD")
    assert refused(repo, merge, as_anna(anna)) == "it is not signed"
    repo.git("reset", "--quiet", "--hard", first)
    repo.git(*anna.options, "merge", "--quiet", "--no-ff", "--gpg-sign", "--message=Merge", "side")
    assert check(repo, repo.git("rev-parse", "HEAD"), as_anna(anna)).principal == "anna@example.org"


def test_a_commit_under_a_signed_tag_is_not_signed_by_it(repo: Repo, anna: SshKey) -> None:
    commit = repo.commit()
    repo.git(*anna.options, "tag", "--sign", "--message=Release", "v1")
    assert refused(repo, commit, as_anna(anna)) == "it is not signed"


def test_a_commit_in_a_repository_of_sha256_is_signed(tmp_path: Path, anna: SshKey) -> None:
    path = tmp_path / "new"
    path.mkdir()
    repo = Repo(path)
    repo.git("init", "--quiet", "--object-format=sha256")
    repo.commit()
    assert check(repo, signed(repo, anna), as_anna(anna)).principal == "anna@example.org"


def test_a_commit_that_is_not_signed_is_refused_whoever_its_author_claims_to_be(repo: Repo, anna: SshKey) -> None:
    commit = stored(repo, payload_of(repo, author="Anna <anna@example.org>"))
    assert refused(repo, commit, as_anna(anna)) == "it is not signed"


def test_a_commit_signed_by_a_stranger_is_refused_and_the_key_named(
    repo: Repo, anna: SshKey, stranger: SshKey, ben: OpenPgpKey
) -> None:
    """The author says Anna, the key does not."""
    named = f"it is signed by ED25519 key {stranger.fingerprint}, which is not in FILE"
    assert refused(repo, signed(repo, stranger), as_anna(anna)) == named
    assert refused(repo, signed(repo, stranger), ben.armoured) == named


def test_a_commit_signed_by_an_openpgp_key_that_is_not_in_the_file_is_refused(
    repo: Repo, anna: SshKey, ben: OpenPgpKey, ring: Path
) -> None:
    other = openpgp_key(ring, "Carla")
    commit = signed(repo, ben)
    named = f"it is signed by the OpenPGP key {ben.fingerprint}, which is not in FILE"
    assert refused(repo, commit, other.armoured) == named
    assert refused(repo, commit, as_anna(anna)) == named


def test_a_commit_signed_with_a_certificate_of_an_allowed_authority_is_signed(
    repo: Repo, anna: SshKey, stranger: SshKey
) -> None:
    stranger.certify(anna, "anna@example.org")
    payload = payload_of(repo)
    commit = stored(repo, with_signature(payload, anna.sign(payload, certified=True)))
    authority = f"*@example.org cert-authority {stranger.public}"
    assert check(repo, commit, authority).principal == "anna@example.org"
    assert "which is not in FILE" in refused(repo, commit, authority.replace("example.org", "example.com"))
    assert "which is not in FILE" in refused(repo, commit, as_anna(stranger))


def test_a_commit_is_judged_by_the_validity_of_a_key_when_it_was_made(repo: Repo, anna: SshKey) -> None:
    """As git does it, so that a commit of last year stays good when its key expires."""
    commit = signed(repo, anna)  # of 2026-11-23
    late = f'anna@example.org valid-before="20270101" {anna.public}'
    assert check(repo, commit, late).principal == "anna@example.org"
    key = f"ED25519 key {anna.fingerprint}"
    past, coming = late.replace("2027", "2026"), late.replace("before", "after")
    assert (
        refused(repo, commit, "# One.", past)
        == f"it is signed by {key}, which had expired when the commit was made (FILE:2)"
    )
    assert (
        refused(repo, commit, coming)
        == f"it is signed by {key}, which was not yet valid when the commit was made (FILE:1)"
    )


def test_a_commit_is_judged_alike_in_every_time_zone(repo: Repo, anna: SshKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    commit = signed(repo, anna)
    for zone in ("", "Z"):
        times = f'valid-after="202611231200{zone}",valid-before="202611231201{zone}"'
        assert check(repo, commit, f"anna@example.org {times} {anna.public}").principal == "anna@example.org"


def test_a_commit_signed_for_something_else_is_refused(repo: Repo, anna: SshKey) -> None:
    payload = payload_of(repo)
    for_files = stored(repo, with_signature(payload, anna.sign(payload, namespace="file")))
    assert refused(repo, for_files, as_anna(anna)) == 'its SSH signature is not made for "git"'
    line = f'anna@example.org namespaces="file" {anna.public}'
    assert refused(repo, signed(repo, anna), line) == (
        f'it is signed by ED25519 key {anna.fingerprint}, which FILE does not allow to sign as "git"'
    )


def test_a_commit_with_the_signature_of_another_is_refused(repo: Repo, anna: SshKey, ben: OpenPgpKey) -> None:
    payload = payload_of(repo)
    other = payload.replace(b"Change", b"Another")
    for key, lines, kind in ((anna, as_anna(anna), "SSH"), (ben, ben.armoured, "OpenPGP")):
        signature = key.sign(payload)
        assert check(repo, stored(repo, with_signature(payload, signature)), lines)
        swapped = stored(repo, with_signature(other, signature))
        assert refused(repo, swapped, lines) == f"its {kind} signature is bad: it is not of this commit"


def test_a_commit_with_another_tree_or_parent_under_its_signature_is_refused(repo: Repo, anna: SshKey) -> None:
    payload = payload_of(repo)
    whole = with_signature(payload, anna.sign(payload))
    parent = repo.git("rev-parse", "HEAD").encode()
    for hostile in (
        whole.replace(b"\nauthor", b"\nparent " + parent + b"\nauthor"),
        whole.replace(b"\ngpgsig", b"\nparent " + parent + b"\ngpgsig"),
        whole.replace(b"tree ", b"tree " + b"0" * 40 + b"\ntree ", 1),
        whole.replace(b"\n\nChange", b"\nparent " + parent + b"\n\nChange"),
    ):
        assert hostile != whole
        assert "is bad" in refused(repo, stored(repo, hostile), as_anna(anna))
    first = whole.replace(b"tree ", b"gpgsig-sha256 x\ntree ", 1)
    assert refused(repo, stored(repo, first), as_anna(anna)).startswith("it does not begin as commits do")


def test_a_commit_with_a_truncated_signature_is_refused(repo: Repo, anna: SshKey, ben: OpenPgpKey) -> None:
    payload = payload_of(repo)
    for key, lines in ((anna, as_anna(anna)), (ben, ben.armoured)):
        signature = key.sign(payload)
        for length in (0, 12, 60, len(signature) // 2, len(signature) - 30, len(signature) - 3):
            refused(repo, stored(repo, with_signature(payload, signature[:length])), lines)


def test_a_commit_with_two_signatures_is_refused(repo: Repo, anna: SshKey, ben: OpenPgpKey, ring: Path) -> None:
    payload = payload_of(repo)
    twice = with_signature(with_signature(payload, anna.sign(payload)), anna.sign(payload))
    assert refused(repo, stored(repo, twice), as_anna(anna)) == "it bears more than one signature"
    both = ben.sign(payload) + openpgp_key(ring, "Dora").sign(payload)
    assert refused(repo, stored(repo, with_signature(payload, both)), ben.armoured) == (
        "it bears more than one OpenPGP signature"
    )


def test_a_commit_signed_by_an_openpgp_key_that_expired_is_refused(repo: Repo, ring: Path) -> None:
    old = openpgp_key(ring, "Old", made="20200101T000000", expires="1d")
    payload = payload_of(repo)
    signature = old.sign(payload, "--faked-system-time=20200101T010000!")
    commit = stored(repo, with_signature(payload, signature))
    assert refused(repo, commit, old.armoured) == (
        f"it is signed by the OpenPGP key {old.fingerprint}, which has expired"
    )


def test_a_commit_signed_by_an_openpgp_key_that_is_revoked_is_refused(repo: Repo, ring: Path) -> None:
    """Of which gpg says VALIDSIG, and ends with 0."""
    lost = openpgp_key(ring, "Lost")
    commit = signed(repo, lost)
    assert check(repo, commit, lost.armoured).key == lost.fingerprint
    assert refused(repo, commit, revoked(lost).armoured) == (
        f"it is signed by the OpenPGP key {lost.fingerprint}, which is revoked"
    )


@pytest.mark.parametrize("digest", ["SHA1", "RIPEMD160"])
def test_a_commit_signed_over_a_weak_digest_is_refused(repo: Repo, ben: OpenPgpKey, digest: str) -> None:
    payload = payload_of(repo)
    signature = ben.sign(payload, f"--digest-algo={digest}")
    assert refused(repo, stored(repo, with_signature(payload, signature)), ben.armoured) == (
        f"its signature by the OpenPGP key {ben.fingerprint} is of a kind that does not count, such as one by SHA-1"
    )


def test_a_commit_signed_in_a_way_that_is_not_known_is_refused(repo: Repo, anna: SshKey) -> None:
    payload = payload_of(repo)
    for signature, reason in (
        (b"-----BEGIN SIGNED MESSAGE-----\nMII\n-----END SIGNED MESSAGE-----\n", "X.509"),
        (b"-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n", "neither one of SSH nor one of OpenPGP"),
        (b"trust me", "neither one of SSH nor one of OpenPGP"),
    ):
        assert reason in refused(repo, stored(repo, with_signature(payload, signature)), as_anna(anna))


def test_a_commit_swapped_by_a_replace_ref_or_a_graft_is_judged_as_itself(
    repo: Repo, anna: SshKey, stranger: SshKey
) -> None:
    good, bad = signed(repo, anna), signed(repo, stranger)
    repo.git("replace", bad, good)
    (repo.path / ".git/info").mkdir(exist_ok=True)
    repo.put(".git/info/grafts", f"{bad}\n")
    assert stranger.fingerprint in refused(repo, bad, as_anna(anna))


def test_a_commit_whose_object_was_put_in_place_of_another_is_refused(repo: Repo, anna: SshKey) -> None:
    """`cat-file` believes the name of a file."""
    good, bad = signed(repo, anna), repo.commit()
    stored_at = [repo.path / f".git/objects/{commit[:2]}/{commit[2:]}" for commit in (good, bad)]
    stored_at[1].unlink()
    stored_at[1].write_bytes(stored_at[0].read_bytes())
    with pytest.raises(GitFault, match=f"something else under the name of object {bad}"):
        check(repo, bad, as_anna(anna))


def test_R11_a_commit_is_judged_without_running_what_the_repository_names(
    repo: Repo, anna: SshKey, ben: OpenPgpKey, tmp_path: Path
) -> None:
    canary, died = tmp_path / "canary", tmp_path / "died"
    canary.write_text(f"#!/bin/sh\ntouch {died}\ncat >/dev/null\n")
    canary.chmod(0o755)
    by_ssh, by_openpgp = signed(repo, anna), signed(repo, ben)
    for key in ("gpg.program", "gpg.ssh.program", "gpg.openpgp.program", "gpg.x509.program", "core.sshCommand"):
        repo.git("config", key, str(canary))
    repo.git("config", "gpg.ssh.allowedSignersFile", str(canary))
    repo.git("config", "gpg.ssh.defaultKeyCommand", str(canary))
    assert check(repo, by_ssh, as_anna(anna)).kind is SignatureKind.SSH
    assert check(repo, by_openpgp, ben.armoured).kind is SignatureKind.OPENPGP
    assert refused(repo, by_ssh, ben.armoured)
    assert not died.exists()
    repo.git("-c", "gpg.format=ssh", "log", "-1", "--show-signature", by_ssh)
    assert died.exists(), "the canary is alive: git itself runs it"


def test_a_commit_is_judged_by_nothing_in_the_home_of_the_user(
    repo: Repo, ben: OpenPgpKey, ring: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key in the user's own ring counts as little as the options there."""
    monkeypatch.setenv("GNUPGHOME", str(ring))
    monkeypatch.setenv("HOME", str(tmp_path))
    other = openpgp_key(ring, "Emma")
    assert "is not in FILE" in refused(repo, signed(repo, ben), other.armoured)


def test_a_check_leaves_no_file_and_no_agent(
    repo: Repo, anna: SshKey, ben: OpenPgpKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    check(repo, signed(repo, ben), ben.armoured)
    check(repo, signed(repo, anna), as_anna(anna))
    refused(repo, signed(repo, ben), as_anna(anna))
    assert list(scratch.iterdir()) == []
    assert not [command for command in commands() if str(scratch).encode() in command]


def commands() -> Iterator[bytes]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield (process / "cmdline").read_bytes()
        except OSError:
            continue


@pytest.mark.parametrize("program", ["ssh-keygen", "gpg"])
def test_a_program_that_is_missing_is_named(
    repo: Repo, anna: SshKey, ben: OpenPgpKey, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    commit = signed(repo, anna if program == "ssh-keygen" else ben)
    only_git = repo.path.parent / "bin"
    only_git.mkdir()
    git = next(path for path in os.environ["PATH"].split(":") if os.path.exists(f"{path}/git"))
    (only_git / "git").symlink_to(f"{git}/git")
    monkeypatch.setenv("PATH", str(only_git))
    reason = f"the signature cannot be checked: {program} is not installed"
    assert refused(repo, commit, as_anna(anna), ben.armoured) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "the allowed signers cannot be read: FILE: No such file or directory"),
        ("", "the file of allowed signers names nobody: FILE"),
        ("# Nobody.\n\n", "the file of allowed signers names nobody: FILE"),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nx\n", "FILE:1: the OpenPGP key that begins here has no end"),
        (
            "# A slip.\n-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
            "FILE:2: -----BEGIN PGP PRIVATE KEY BLOCK----- stands where no such line can be",
        ),
    ],
)
def test_a_file_of_signers_that_cannot_be_used_is_named(tmp_path: Path, text: str | None, reason: str) -> None:
    file = tmp_path / "signers"
    if text is not None:
        file.write_text(text)
    with pytest.raises(NotSigned) as found:
        read_signers(str(file))
    assert str(found.value).replace(str(file), "FILE") == reason


def test_a_key_that_gpg_cannot_read_is_named(repo: Repo, ben: OpenPgpKey) -> None:
    damaged = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----"
    assert refused(repo, signed(repo, ben), damaged) == "gpg can read no key of FILE"
