"""The stacking rules of a project: how many redeemables combine, which of them, and in what order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

MAX_REDEEMABLES = 30


class Kind(Enum):
    """How a redeemable combines, by its categories: exclusive ones keep common ones out, joint ones go with all."""

    COMMON = "COMMON"
    EXCLUSIVE = "EXCLUSIVE"
    JOINT = "JOINT"


@dataclass(frozen=True, slots=True)
class StackingRules:
    """One field per property of the contract, with its default; a null limit means none."""

    redeemables_limit: int = MAX_REDEEMABLES
    applicable_redeemables_limit: int = 5
    applicable_redeemables_per_category_limit: int | None = None
    applicable_redeemables_category_limits: Mapping[str, int] = field(default_factory=dict)
    applicable_exclusive_redeemables_limit: int = 1
    applicable_exclusive_redeemables_per_category_limit: int | None = None
    exclusive_categories: Sequence[str] = ()
    joint_categories: Sequence[str] = ()
    redeemables_application_mode: str = "ALL"
    redeemables_sorting_rule: str = "REQUESTED_ORDER"
    redeemables_products_application_mode: str = "STACK"
    redeemables_no_effect_rule: str = "REDEEM_ANYWAY"
    no_effect_skip_categories: Sequence[str] = ()
    no_effect_redeem_anyway_categories: Sequence[str] = ()
    redeemables_rollback_order_mode: str = "WITH_ORDER"
    grouped_redeemables_sorting_rule: str = "JOINT_ALWAYS_LAST"
    discount_calculation_mode: str = "DISCOUNTED_AMOUNT"
    initial_amount_mode_categories: Sequence[str] = ()
    discounted_amount_mode_categories: Sequence[str] = ()

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> StackingRules:
        """From the properties of the contract; those that are absent have their defaults."""
        return cls(**{name: told[name] for name in cls.__slots__ if name in told})

    @property
    def told(self) -> dict[str, Any]:
        """The properties of the contract, as JSON has them."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @property
    def is_partial(self) -> bool:
        """Whether what applies is redeemed though something else does not."""
        return self.redeemables_application_mode == "PARTIAL"

    @property
    def once(self) -> bool:
        """Whether a line that is discounted already is left alone."""
        return self.redeemables_products_application_mode == "ONCE"

    def kind_of(self, categories: Iterable[str]) -> Kind:
        """How something of these categories combines."""
        these = set(categories)
        if these & set(self.exclusive_categories):
            return Kind.EXCLUSIVE
        return Kind.JOINT if these & set(self.joint_categories) else Kind.COMMON

    def skips_no_effect(self, categories: Iterable[str]) -> bool:
        """Whether something of these categories is skipped when it would change nothing."""
        these = set(categories)
        if self.redeemables_no_effect_rule == "SKIP":
            return not these & set(self.no_effect_redeem_anyway_categories)
        return bool(these & set(self.no_effect_skip_categories))

    def of_initial_amount(self, categories: Iterable[str]) -> bool:
        """Whether percentages of something of these categories are of what the order was before any discount."""
        these = set(categories)
        if self.discount_calculation_mode == "INITIAL_AMOUNT":
            return not these & set(self.discounted_amount_mode_categories)
        return bool(these & set(self.initial_amount_mode_categories))
