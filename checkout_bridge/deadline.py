"""Sockets that know when the call they serve must end: before each read or write they get just the time that is left.

It owns the clock of a call, the connections that obey it, and the adapter that puts them under a requests session.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidProxyURL
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import allowed_gai_family
from urllib3.util.ssl_ import create_urllib3_context, resolve_cert_reqs


class Clock:
    """The time left of one call, and whether its present attempt has a connection."""

    __slots__ = ("connected", "expires_at")

    def __init__(self, seconds: float) -> None:
        self.expires_at = time.monotonic() + seconds
        self.connected = True  # assumed of adapters that do not tell, so that "nothing was sent" is never a guess

    def left(self) -> float:
        """Seconds until the deadline; zero or less when it has passed."""
        return self.expires_at - time.monotonic()


# Sockets outlive calls in the pool, so they ask for the clock of the call they serve at each read and write.
current_clock: ContextVar[Clock | None] = ContextVar("checkout_bridge_http_clock", default=None)


# One step of a shop's request may take several calls, which share its time.
_current_step: ContextVar[Clock | None] = ContextVar("checkout_bridge_step", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All calls in this block end within so many seconds in all; an outer block that ends earlier still holds."""
    outer, clock = _current_step.get(), Clock(seconds)
    token = _current_step.set(clock if outer is None or clock.expires_at < outer.expires_at else outer)
    try:
        yield
    finally:
        _current_step.reset(token)


def clock_for(seconds: float) -> Clock:
    """The clock of one call, which has no more time than the step it is part of."""
    clock, step = Clock(seconds), _current_step.get()
    if step is not None:
        clock.expires_at = min(clock.expires_at, step.expires_at)
    return clock


def _note_connection(there: bool) -> None:
    clock = current_clock.get()
    if clock is not None:
        clock.connected = there


class _DeadlineSocket(socket.socket):
    """A socket that waits no longer than the call it serves has time."""

    def _arm(self) -> None:
        clock = current_clock.get()
        if clock is None:
            return
        left = clock.left()
        if left <= 0:
            raise TimeoutError("the deadline of the call passed")
        self.settimeout(left)

    def connect(self, address: Any, /) -> None:
        self._arm()
        super().connect(address)

    def recv(self, *args: Any) -> bytes:
        self._arm()
        return super().recv(*args)

    def recv_into(self, *args: Any) -> int:
        self._arm()
        return super().recv_into(*args)

    def send(self, *args: Any) -> int:
        self._arm()
        return super().send(*args)

    def sendall(self, *args: Any) -> None:
        self._arm()
        super().sendall(*args)


class _DeadlineTLSSocket(_DeadlineSocket, ssl.SSLSocket):
    """The same over TLS; the handshake counts too."""

    def do_handshake(self, block: bool = False) -> None:
        self._arm()
        super().do_handshake(block)


def _connect(host: str, port: int, source: tuple[str, int] | None, options: Iterable[Any]) -> socket.socket:
    """Try each address of the host in turn, all within the same deadline."""
    failure = OSError("the name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM):
        sock = _DeadlineSocket(family, kind, protocol)
        try:
            for option in options:
                sock.setsockopt(*option)
            if source:
                sock.bind(source)
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            failure = error
    raise failure


class _DeadlineConnection(HTTPConnection):
    """Opens sockets that obey the clock, and tells the clock once there is a connection to send on."""

    def _new_conn(self) -> socket.socket:
        try:
            return _connect(self._dns_host.strip("[]"), self.port, self.source_address, self.socket_options or ())
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, f"no connection: {error}") from error

    def connect(self) -> None:
        super().connect()
        _note_connection(True)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:  # one from the pool
            _note_connection(True)
        super().request(*args, **kwargs)


class _DeadlineTLSConnection(_DeadlineConnection, HTTPSConnection):
    def connect(self) -> None:
        if self.ssl_context is None:
            self.ssl_context = create_urllib3_context(cert_reqs=resolve_cert_reqs(self.cert_reqs))
            self.ssl_context.sslsocket_class = _DeadlineTLSSocket
        super().connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineTLSConnection


_POOLS = {"http": _Pool, "https": _TLSPool}


class DeadlineAdapter(HTTPAdapter):
    """The adapter of requests over connections that obey the clock, through an HTTP proxy too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: Any, **proxy_kwargs: Any) -> Any:
        if proxy.lower().startswith("socks"):
            raise InvalidProxyURL("a SOCKS proxy cannot keep the deadline")
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        _note_connection(False)
        return super().send(*args, **kwargs)
