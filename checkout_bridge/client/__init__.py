"""The client of the wire contract, usable alone: over HTTP to a server, or in process to a WSGI app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from checkout_bridge.client.inprocess import BASE_URL, InProcessAdapter
from checkout_bridge.client.resources.async_actions import AsyncActions
from checkout_bridge.client.resources.customers import Customers
from checkout_bridge.client.resources.exports import Exports
from checkout_bridge.client.resources.orders import Orders
from checkout_bridge.client.resources.redemptions import Redemptions
from checkout_bridge.client.resources.validations import Validations
from checkout_bridge.client.resources.vouchers import Vouchers
from checkout_bridge.client.transport import DEFAULT_DEADLINE, Transport
from checkout_bridge.http import DeadlineSession

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

__all__ = ["Client"]


class Client:
    """Speaks to one promotions API: ``client.orders``, ``vouchers``, ``redemptions``, ``validations``, ``customers``,
    ``exports``, ``async_actions``.

    Methods are named as in the published SDKs, take plain dicts and answer plain dicts, exactly as they came. What they
    raise is told by ``Transport.request``. A client may be shared by threads; a context manager closes it.
    """

    def __init__(
        self,
        base_url: str,
        app_id: str,
        app_token: str,
        *,
        deadline: float = DEFAULT_DEADLINE,
        session: DeadlineSession | None = None,
        owns_session: bool = False,
        replay_safe: bool = False,
        oauth_scope: str | None = None,
    ) -> None:
        """``deadline`` bounds each call, in seconds. A ``session`` that is given stays the giver's to close, unless the
        client ``owns_session``.

        With ``oauth_scope``, such as ``"api"`` or ``"orders exports"``, the keys only get access tokens of this scope
        (OAuth 2.0 client credentials), and calls carry those; they are renewed before they expire.

        ``replay_safe`` says that the backend replays the stored answer when it sees an ``Idempotency-Key`` again; our
        engine does, the hosted API does not.
        """
        self._owns_session = session is None or owns_session
        self.transport = Transport(
            base_url,
            app_id,
            app_token,
            session=DeadlineSession() if session is None else session,
            deadline=deadline,
            replay_safe=replay_safe,
            oauth_scope=oauth_scope,
        )
        self.orders = Orders(self.transport)
        self.vouchers = Vouchers(self.transport)
        self.redemptions = Redemptions(self.transport)
        self.validations = Validations(self.transport)
        self.customers = Customers(self.transport)
        self.exports = Exports(self.transport)
        self.async_actions = AsyncActions(self.transport)

    @classmethod
    def in_process(
        cls,
        wsgi_app: WSGIApplication,
        app_id: str,
        app_token: str,
        *,
        deadline: float = DEFAULT_DEADLINE,
        session: DeadlineSession | None = None,
        oauth_scope: str | None = None,
    ) -> Self:
        """A client whose backend is ``wsgi_app`` in this very process. It must honour idempotency keys.

        A ``session`` that is given is the client's to close.
        """
        client = cls(
            BASE_URL,
            app_id,
            app_token,
            deadline=deadline,
            session=session,
            owns_session=True,
            replay_safe=True,
            oauth_scope=oauth_scope,
        )
        client.transport.session.mount(BASE_URL, InProcessAdapter(wsgi_app))
        return client

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.transport!r})"

    def close(self) -> None:
        """Close the connections, unless the session came from outside."""
        if self._owns_session:
            self.transport.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
