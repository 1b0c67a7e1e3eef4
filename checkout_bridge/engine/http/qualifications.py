"""Operations that say which redeemables would apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import g

from checkout_bridge.contract import qualifications as contract
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.services import qualifications
from checkout_bridge.engine.services.unit import Unit

Body = Mapping[str, Any]


@dataclass(frozen=True)
class _Question(Operation):
    """A POST that only reads: many are asked for one redemption, and none of them waits for another's write."""

    @property
    def writes(self) -> bool:
        return False


def _qualify(unit: Unit, body: Body) -> dict[str, Any]:
    return qualifications.qualify(unit, body, request_id=g.request_id)


def _qualify_for_browser(unit: Unit, body: Body) -> dict[str, Any]:
    return qualifications.qualify(unit, body, request_id=g.request_id, in_public=True)


_REQUEST, _ANSWER = contract.QualificationRequest(), contract.QualificationAnswer
_SUMMARY = "Find what would apply to a customer's order"

OPERATIONS = (
    _Question("POST", "/v1/qualifications", _qualify, _SUMMARY, _REQUEST, _ANSWER),
    _Question(
        "POST", "/client/v1/qualifications", _qualify_for_browser, f"{_SUMMARY}, asked by a browser", _REQUEST, _ANSWER
    ),
)
