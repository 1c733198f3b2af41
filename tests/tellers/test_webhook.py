"""A webhook: signed, sent to one place only, and silent about where that is."""

import base64
import hashlib
import hmac
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.secrets import Secret
from reconciler.tellers.protocol import NotTold
from reconciler.tellers.webhook import WebhookTeller
from tests.pages import Written, steps
from tests.tellers.receiving import LETTER, Receiver, receiving

CANARY = "hunter2-canary"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def teller(url: str, key: str | None = CANARY, *, patience: float = 5.0) -> WebhookTeller:
    return WebhookTeller(
        url=Secret(url), key=None if key is None else Secret(key), clock=lambda: 1795532520.9, patience=patience
    )


def refusal(teller: WebhookTeller) -> str:
    with pytest.raises(NotTold) as refused:
        teller.tell(LETTER)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    return str(refused.value)


def test_a_webhook_is_told_who_it_is_from_and_can_prove_it(receiver: Receiver) -> None:
    teller(f"{receiver.url}/hook?a=b").tell(LETTER)
    ((path, headers, body),) = receiver.got
    assert (path, body) == ("/hook?a=b", LETTER.body)
    assert headers["x-reconciler-event"] == "send-failed"
    assert headers["x-reconciler-delivery"] == LETTER.id
    assert headers["x-reconciler-timestamp"] == "1795532520"
    signed = hmac.new(CANARY.encode(), b"1795532520." + body, hashlib.sha256).hexdigest()
    assert headers["x-reconciler-signature"] == f"sha256={signed}"
    assert headers["content-type"].startswith("application/json")


def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    teller(receiver.url, None).tell(LETTER)
    assert "x-reconciler-signature" not in receiver.got[0][1]


def test_a_user_in_the_url_becomes_a_header(receiver: Receiver) -> None:
    teller(receiver.url.replace("//", "//anna:hunter%402@")).tell(LETTER)
    assert receiver.got[0][1]["authorization"] == f"Basic {base64.b64encode(b'anna:hunter@2').decode()}"
    assert "anna" not in receiver.got[0][1]["host"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    with receiving() as other:
        receiver.answers, receiver.location = [status], f"{other.url}/{CANARY}"
        assert refusal(teller(receiver.url)) == f"the answer was HTTP {status}: redirects are not followed"
        assert other.got == []


@pytest.mark.parametrize("status", [400, 404, 410, 500, 503])
def test_what_is_not_taken_is_said(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    assert refusal(teller(receiver.url)) == f"the answer was HTTP {status}"


@pytest.mark.parametrize(
    "url",
    [
        f"http://{CANARY}.invalid:99999/",
        f"http://[{CANARY}/",
        f"ftp://localhost/{CANARY}",
        f"file:///{CANARY}",
        f"http:///{CANARY}",
        f"http://u:{CANARY}@localhost:1x/",
        f"http://127.0.0.1:1/{CANARY}",
        f"http://127.0.0.1:1/a b{CANARY}\x7f",
        "",
    ],
)
def test_no_fault_shows_the_url(url: str) -> None:
    said = refusal(teller(url))
    assert CANARY not in said
    assert said


def test_an_unknown_name_is_told_without_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, f"Name or service not known: {CANARY}.invalid")

    # No resolver here answers alike; what the system says is in the words of the system.
    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert refusal(teller(f"http://{CANARY}.invalid/")).startswith("no connection: ")


def test_a_receiver_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert (
            refusal(teller(f"http://127.0.0.1:{silent.getsockname()[1]}", patience=0.1)) == "no answer: no word in time"
        )


def test_a_receiver_that_speaks_no_http_is_named_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as strange:

        def speak() -> None:
            connection, _ = strange.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example.org ESMTP\r\n")

        thread = threading.Thread(target=speak)
        thread.start()
        said = refusal(teller(f"http://127.0.0.1:{strange.getsockname()[1]}"))
        thread.join()
    assert said == "no answer that is HTTP (BadStatusLine)"


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def shake() -> None:
            connection, _ = server.accept()
            with connection, pytest.raises(OSError):  # noqa: PT011 - the client hangs up
                context.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=shake)
        thread.start()
        said = refusal(teller(f"https://127.0.0.1:{server.getsockname()[1]}/"))
        thread.join()
    assert said.startswith("no connection: the certificate is not trusted (")


def test_the_receiver_of_the_how_to_page_tells_ours_from_others(receiver: Receiver, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/get-told.md").read_text(encoding="utf-8")
    (code,) = [step.text for step in steps(page) if isinstance(step, Written) and step.file == "verify.py"]
    teller(receiver.url).tell(LETTER)
    _, headers, body = receiver.got[0]

    def checked(body: bytes) -> str:
        words = (headers["x-reconciler-timestamp"], headers["x-reconciler-signature"])
        ended = subprocess.run(
            [sys.executable, "-c", code, *words],
            input=body,
            env={"OPS_SECRET": CANARY},
            capture_output=True,
            check=False,
            timeout=30,
        )
        return (ended.stdout + ended.stderr).decode().strip()

    assert checked(body) == "from us"
    assert checked(body + b" ") == "not from us"
