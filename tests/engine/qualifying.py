"""What tests of qualifications share: asking, and making what may qualify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conftest import EngineClient

ANN = {"source_id": "ann"}
BROWSER = {"X_Client_Application_Id": "page", "X_Client_Token": "public", "Origin": "https://shop.example"}


def qualify(engine: EngineClient, *, status: int = 200, door: str = "/v1", **request: Any) -> Any:
    """The whole answer for an order of 100.00, unless another is told; up to 50 redeemables."""
    request["options"] = {"limit": 50, **request.get("options", {})}
    browser = BROWSER if door == "/client/v1" else {}
    return engine.post(f"{door}/qualifications", {"order": {"amount": 10_000}, **request}, status=status, **browser)


def ids(engine: EngineClient, **request: Any) -> list[str]:
    """What qualifies, by its id."""
    return [one["id"] for one in qualify(engine, **request)["redeemables"]["data"]]


def only(engine: EngineClient, **request: Any) -> Any:
    """The one thing that qualifies."""
    (one,) = qualify(engine, **request)["redeemables"]["data"]
    return one


def promotion(engine: EngineClient, name: str, *amounts: int) -> list[str]:
    """A campaign with one tier for each amount; gives their ids."""
    tiers = [
        {"name": f"T{amount}", "banner": "Now", "action": {"discount": {"type": "AMOUNT", "amount_off": amount}}}
        for amount in amounts
    ]
    made = engine.post("/v1/campaigns", {"name": name, "promotion": {"tiers": tiers}})
    return [tier["id"] for tier in made["promotion"]["tiers"]]


def promotion_stack(engine: EngineClient, campaign: str, tiers: list[str], **more: Any) -> str:
    made = engine.post(f"/v1/promotions/{campaign}/stacks", {"name": "Both", "tiers": {"ids": tiers}, **more})
    return str(made["id"])


def campaign(engine: EngineClient, name: str, **properties: Any) -> str:
    """A campaign of coupons of 5 %, unless it is told what its vouchers are like; gives its id."""
    coupons = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "PERCENT", "percent_off": 5}}
    return str(engine.post("/v1/campaigns", {"name": name, "voucher": coupons, **properties})["id"])


def publish(engine: EngineClient, code: str, **customer: str) -> None:
    engine.post("/v1/publications", {"voucher": code, "customer": customer})


def rule(name: str, **conditions: list[Any]) -> dict[str, Any]:
    """The rules of a validation rule with one condition: ``rule("order.amount", more_than=[5])``."""
    return {"1": {"name": name, "conditions": {f"${key}": values for key, values in conditions.items()}}}
