"""Gets access tokens for a pair of keys: OAuth 2.0, client credentials."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from checkout_bridge.client.answers import answer_of
from checkout_bridge.client.credentials import Issue, Issued, header_value
from checkout_bridge.errors import BackendUnreachable, InvalidInput, MalformedAnswer, OutcomeUnknown
from checkout_bridge.http import DeadlineSession

_FORM = "application/x-www-form-urlencoded"


def token_issuer(session: DeadlineSession, base_url: str, headers: Mapping[str, str], scope: str) -> Issue:
    """Gets tokens of this scope with the keys in ``headers``.

    It raises BackendRefused when there is none for these keys, and BackendUnreachable when none arrived: whatever the
    token was for, it was not sent.
    """
    form = urlencode({"grant_type": "client_credentials", "scope": scope}).encode()

    def issue(deadline: float) -> Issued:
        try:
            response = session.call(
                "POST",
                f"{base_url}/v1/oauth/token",
                deadline=deadline,
                headers={**headers, "Content-Type": _FORM},
                data=form,
            )
            return _issued(answer_of(response))
        except OutcomeUnknown as error:
            raise BackendUnreachable("No access token could be got", details=str(error)) from error

    return issue


def _issued(answer: Mapping[str, object]) -> Issued:
    token, lifetime = answer.get("access_token"), answer.get("expires_in")
    try:
        if isinstance(token, str) and isinstance(lifetime, int | float):
            return Issued(header_value(token, "access token"), lifetime)
    except InvalidInput:
        pass
    raise MalformedAnswer("The answer holds no access token that can be used")
