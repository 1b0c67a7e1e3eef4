"""Discounts on the wire: what coupons and promotion tiers are worth. Amounts are integer minor units."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from checkout_bridge.contract.fields import ContractSchema, Money, Percentage, Text, WholeNumber, one_of

MOST_UNITS = 10**6
ITEM_EFFECTS = (
    "APPLY_TO_ITEMS",
    "APPLY_TO_ITEMS_PROPORTIONALLY",
    "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY",
    "APPLY_TO_ITEMS_BY_QUANTITY",
)
UNIT_EFFECTS = ("ADD_MISSING_ITEMS", "ADD_NEW_ITEMS", "ADD_MANY_ITEMS", "ADD_SAME_ITEMS", "REPLACE_ITEMS")
# Type -> the property that says how much, and the effects it may have.
DISCOUNT_TYPES = {
    "AMOUNT": ("amount_off", ("APPLY_TO_ORDER", *ITEM_EFFECTS)),
    "PERCENT": ("percent_off", ("APPLY_TO_ORDER", "APPLY_TO_ITEMS")),
    "FIXED": ("fixed_amount", ("APPLY_TO_ORDER", "APPLY_TO_ITEMS")),
    "UNIT": ("unit_off", UNIT_EFFECTS),
}


class _Formula(Text):
    """A price formula; the plain value next to it counts when the formula cannot be worked out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(longest=2000, **kwargs)


def _check_units(data: dict[str, Any]) -> None:
    if "unit_off_formula" in data:
        return
    if "unit_off" not in data:
        raise ValidationError({"unit_off": ["Missing data for required field."]})
    if data["unit_off"] < 1:
        raise ValidationError({"unit_off": [f"must be from 1 to {MOST_UNITS}"]})


class FreeUnits(ContractSchema):
    """Free pieces of one product or SKU: one of several in ``units``."""

    unit_off = WholeNumber(maximum=MOST_UNITS)
    unit_off_formula = _Formula()
    unit_type = Text(required=True)
    effect = fields.String(validate=one_of("ADD_MISSING_ITEMS", "ADD_NEW_ITEMS"))

    @validates_schema
    def _gives_something(self, data: dict[str, Any], **_: Any) -> None:
        _check_units(data)

    @post_load
    def _fall_back(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"unit_off": 0, **data}


class Discount(ContractSchema):
    """What a coupon is worth: ``{type: AMOUNT, amount_off}``, ``{type: PERCENT, percent_off, amount_limit?}``,
    ``{type: FIXED, fixed_amount}`` or ``{type: UNIT, unit_off, unit_type}``; ``effect`` says on what.

    A formula may stand next to how much it is. The plain value may then be left out, and is 0, except a fixed amount.
    """

    type = fields.String(required=True, validate=one_of(*DISCOUNT_TYPES))
    amount_off = Money()
    amount_off_formula = _Formula()
    percent_off = Percentage()
    percent_off_formula = _Formula()
    amount_limit = Money()
    aggregated_amount_limit = Money()
    fixed_amount = Money()
    fixed_amount_formula = _Formula()
    unit_off = WholeNumber(maximum=MOST_UNITS)
    unit_off_formula = _Formula()
    unit_type = Text()
    units = fields.List(
        fields.Nested(FreeUnits), validate=validate.Length(1, 100, error="must have from 1 to 100 items")
    )
    effect = Text()

    @validates_schema
    def _fits_its_type(self, data: dict[str, Any], **_: Any) -> None:
        needed, effects = DISCOUNT_TYPES[data["type"]]
        if data.get("effect", effects[0]) not in effects:
            message = f"must be equal to one of the allowed values: {', '.join(effects)}"
            raise ValidationError({"effect": [message]})
        if data.get("effect") == "ADD_MANY_ITEMS":
            needed = "units"
        elif data["type"] == "UNIT":
            if "unit_type" not in data:
                raise ValidationError({"unit_type": ["Missing data for required field."]})
            _check_units(data)
        if needed not in data and (needed == "fixed_amount" or f"{needed}_formula" not in data):
            raise ValidationError({needed: ["Missing data for required field."]})

    @post_load
    def _fall_back(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        needed = DISCOUNT_TYPES[data["type"]][0] if "type" in data else ""
        return {needed: 0, **data} if f"{needed}_formula" in data and needed not in data else data


class DiscountUpdate(Discount):
    """What may change on a discount; its type may not."""

    type = fields.String(validate=one_of(*DISCOUNT_TYPES))

    @validates_schema
    def _fits_its_type(self, data: dict[str, Any], **_: Any) -> None:
        """What was not sent stays."""

    @post_load
    def _fall_back(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data
