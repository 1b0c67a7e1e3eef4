"""The doors of the engine and their keys: for servers, for browsers, and for managing the project."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, Response, g, request

from checkout_bridge.errors import Forbidden, NotFound, Unauthorized

CLIENT, MANAGEMENT, OAUTH = "/client/v1/", "/management/v1/", "/v1/oauth/"
_CLIENT_HEADERS = "Content-Type, X-Client-Application-Id, X-Client-Token"


@dataclass(frozen=True, slots=True)
class Keys:
    """A pair of keys. Without both the door is closed."""

    id: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ClientSide:
    """What browsers may do: which ``origins`` may ask, and whether they may redeem, not only validate.

    The keys are public, since every visitor has them; an origin ``*`` lets all sites in.
    """

    keys: Keys = Keys()
    origins: frozenset[str] = frozenset()
    redemptions: bool = False


# Tells whether an access token opens a path; None when it opens nothing at all.
TokenCheck = Callable[[str, str], bool | None]


def guard(app: Flask, server: Keys, management: Keys, client: ClientSide, opens: TokenCheck) -> None:
    """Let only requests with the right keys in; ``g.app_id`` is whose they are.

    Instead of the server's keys, an access token will do that ``opens`` the path.
    """
    app.before_request(_check(server, management, client, opens))
    app.after_request(_tell_browsers(client))


def _check(server: Keys, management: Keys, client: ClientSide, opens: TokenCheck) -> Callable[[], Response | None]:
    def check() -> Response | None:
        if "\0" in request.path or any("\0" in value for value in request.args.values()):
            raise NotFound("Resource not found", details="No identifier holds a NUL")
        g.app_id = server.id
        if request.path.startswith("/v1/") and not _is_download():
            _enter_as_server(server, opens)
        elif request.path.startswith(MANAGEMENT):
            _require(management, "X-Management-Id", "X-Management-Token")
            g.app_id = management.id
        elif request.path.startswith(CLIENT):
            return _enter_as_browser(client)
        return None

    return check


def _is_download() -> bool:
    """Whether a file is asked for, by a token of its own, which is checked where the file is given."""
    reads = request.method in ("GET", "HEAD")
    return reads and request.path.startswith("/v1/exports/") and "token" in request.args


def _enter_as_server(server: Keys, opens: TokenCheck) -> None:
    """By the keys, or by a token alone. A token opens no token's door: whoever finds one cannot prolong it."""
    token = _token()
    if token is None or "X-App-Id" in request.headers or request.path.startswith(OAUTH):
        _require(server, "X-App-Id", "X-App-Token")
        return
    is_open = opens(token, request.path)
    if is_open is None:
        raise Unauthorized("Unauthorized", details="The access token is unknown, revoked or expired")
    if not is_open:
        raise Forbidden("Forbidden", details="The scope of the access token does not reach this path")


def _token() -> str | None:
    """The access token of the request; some clients have a header of their own for it."""
    told = request.headers.get("Authorization", "")
    if told.lower().startswith("bearer "):
        return told[len("bearer ") :].strip()
    return request.headers.get("X-Voucherify-OAuth", "").removeprefix("Bearer ").strip() or None


def _enter_as_browser(client: ClientSide) -> Response | None:
    if request.method == "OPTIONS":  # a browser asks before it sends keys
        return Response(status=204)
    _require(client.keys, "X-Client-Application-Id", "X-Client-Token")
    if not _is_let_in(client):
        raise Unauthorized("Unauthorized", details="This origin is not among those that were let in")
    if request.path.startswith(f"{CLIENT}redemptions") and not client.redemptions:
        raise Forbidden("Forbidden", details="Client-side redemptions are off")
    g.app_id = client.keys.id
    return None


def _require(keys: Keys, id_header: str, token_header: str) -> None:
    sent = f"{request.headers.get(id_header)}\n{request.headers.get(token_header)}".encode()
    is_open = bool(keys.id and keys.token)
    if not (hmac.compare_digest(sent, f"{keys.id}\n{keys.token}".encode()) and is_open):
        raise Unauthorized("Unauthorized", details=f"Invalid or missing {id_header} and {token_header}")


def _is_let_in(client: ClientSide) -> bool:
    return "*" in client.origins or request.headers.get("Origin", "").rstrip("/") in client.origins


def _tell_browsers(client: ClientSide) -> Callable[[Response], Response]:
    """Browsers hand an answer to a page only when it names the page's origin."""

    def tell(response: Response) -> Response:
        if request.path.startswith(CLIENT) and "Origin" in request.headers and _is_let_in(client):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            # SDKs send headers of their own besides the keys; from a page that is let in none of them is refused.
            asked = request.headers.get("Access-Control-Request-Headers")
            response.headers["Access-Control-Allow-Headers"] = asked or _CLIENT_HEADERS
            response.headers["Access-Control-Allow-Methods"] = "POST"
            response.headers["Vary"] = "Origin"
        return response

    return tell
