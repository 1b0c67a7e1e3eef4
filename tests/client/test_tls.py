"""The deadline holds over TLS, handshake included."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.errors import BackendUnreachable, DeadlineExceeded
from checkout_bridge.http import DeadlineSession

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command for a certificate")

DEADLINE = 0.5
GENEROUS = 5.0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    subprocess.run(
        [*make.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture
def backend(certificate: tuple[Path, Path], start_backend: Callable[[ssl.SSLContext], Any]) -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return start_backend(context)


def test_a_trusted_backend_is_spoken_to_over_one_connection(
    backend: Any, session: DeadlineSession, certificate: tuple[Path, Path]
) -> None:
    session.verify = str(certificate[0])
    for _ in range(2):
        assert session.call("POST", backend.url, deadline=GENEROUS, data=b"1" * 100_000).status_code == 200
    assert [len(seen.body) for seen in backend.seen] == [100_000] * 2
    assert len(backend.connections) == 2  # the bare socket and the encrypted one over it


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"])
def test_a_dripped_answer_is_given_up(
    backend: Any, session: DeadlineSession, certificate: tuple[Path, Path], head: bytes
) -> None:
    session.verify = str(certificate[0])
    backend.drip(head, b"X-Slow: 1\r\n")
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        session.call("GET", backend.url, deadline=DEADLINE)
    assert time.monotonic() - began < GENEROUS


def test_a_certificate_that_is_not_trusted_means_that_nothing_was_sent(backend: Any, session: DeadlineSession) -> None:
    with pytest.raises(BackendUnreachable):
        session.call("POST", backend.url, deadline=GENEROUS)
    assert backend.seen == []


def test_a_handshake_that_hangs_means_that_nothing_was_sent(session: DeadlineSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(BackendUnreachable):
        session.call("POST", f"https://127.0.0.1:{mute.getsockname()[1]}", deadline=DEADLINE)
