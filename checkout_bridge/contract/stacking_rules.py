"""Stacking rules on the wire: how redeemables combine, the same for the whole project."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber, one_of


def _categories() -> fields.List[str]:
    return fields.List(Text(longest=40), validate=validate.Length(max=100, error="must not have more than 100 items"))


class _Limits(fields.Dict):
    """Limits by category; a bad one is told under the name of its category."""

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        try:
            return super().deserialize(value, attr, data, **kwargs)
        except ValidationError as error:
            if isinstance(error.messages, dict):
                error.messages = {name: next(iter(its.values())) for name, its in error.messages.items()}
            raise


class StackingRules(ContractSchema):
    """The rules as every validation tells them. A null limit means none."""

    redeemables_limit = WholeNumber(minimum=1, maximum=30)
    applicable_redeemables_limit = WholeNumber(minimum=1, maximum=30)
    applicable_redeemables_per_category_limit = WholeNumber(minimum=1, maximum=30, allow_none=True)
    applicable_redeemables_category_limits = _Limits(
        keys=Text(longest=40),
        values=WholeNumber(minimum=1, maximum=10),
        validate=validate.Length(max=100, error="must not have more than 100 items"),
    )
    applicable_exclusive_redeemables_limit = WholeNumber(minimum=1, maximum=5)
    applicable_exclusive_redeemables_per_category_limit = WholeNumber(minimum=1, maximum=5, allow_none=True)
    exclusive_categories = _categories()
    joint_categories = _categories()
    redeemables_application_mode = fields.String(validate=one_of("ALL", "PARTIAL"))
    redeemables_sorting_rule = fields.String(validate=one_of("REQUESTED_ORDER", "CATEGORY_HIERARCHY"))
    redeemables_products_application_mode = fields.String(validate=one_of("STACK", "ONCE"))
    redeemables_no_effect_rule = fields.String(validate=one_of("REDEEM_ANYWAY", "SKIP"))
    no_effect_skip_categories = _categories()
    no_effect_redeem_anyway_categories = _categories()
    redeemables_rollback_order_mode = fields.String(validate=one_of("WITH_ORDER", "WITHOUT_ORDER"))
    grouped_redeemables_sorting_rule = fields.String(validate=one_of("JOINT_ALWAYS_LAST"))


class StackingRulesRequest(StackingRules):
    """The rules as the management API sets them."""

    discount_calculation_mode = fields.String(validate=one_of("DISCOUNTED_AMOUNT", "INITIAL_AMOUNT"))
    initial_amount_mode_categories = _categories()
    discounted_amount_mode_categories = _categories()


class StackingRulesAnswer(StackingRulesRequest):
    """The rules as the management API answers them."""

    id = Text()
    created_at = fields.String(allow_none=True)
    updated_at = fields.String(allow_none=True)


class StackingRulesList(ContractSchema):
    """One item, or none while the defaults count."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(StackingRulesAnswer))
    total = fields.Integer()
