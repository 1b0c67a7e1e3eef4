"""What an order's history of states says happened last: PrestaShop's states only mean something in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from checkout_bridge.errors import InvalidInput

Kind = Literal["paid", "cancelled", "payment_error", "refunded", "other"]
Turn = Literal["paid", "paid_again", "cancelled", "payment_error", "refunded", "never_paid", "other"]

_ENDS = ("cancelled", "payment_error")


@dataclass(frozen=True, slots=True)
class States:
    """Which of the shop's states, by id, mean an end; those that mean paid say so themselves."""

    cancelled: frozenset[str] = frozenset({"6"})
    payment_error: frozenset[str] = frozenset({"8"})
    refunded: frozenset[str] = frozenset({"7"})

    def kind(self, state: str, is_paid: bool) -> Kind:
        """What an order in this state is. Refunded is often flagged as paid, too."""
        if state in self.cancelled:
            return "cancelled"
        if state in self.payment_error:
            return "payment_error"
        if state in self.refunded:
            return "refunded"
        return "paid" if is_paid else "other"


@dataclass(frozen=True, slots=True)
class Step:
    """A state that an order got; ``number`` is the id of its row in the history, None where only the state is known."""

    state: str
    kind: Kind
    number: str | None = None


def states_from(options: Mapping[str, str]) -> States:
    """The options ``CANCELLED_STATES``, ``ERROR_STATES`` and ``REFUNDED_STATES``. Raises InvalidInput."""
    known = States()
    return States(
        _ids(options, "CANCELLED_STATES", known.cancelled),
        _ids(options, "ERROR_STATES", known.payment_error),
        _ids(options, "REFUNDED_STATES", known.refunded),
    )


def last_turn(steps: Sequence[Step]) -> Turn:
    """What the last step means after those before it.

    An end of an order that was never paid is none, as it may be paid yet; without a history the state alone counts.
    Paid again is only what was paid, then ended, and has not been paid again since.
    """
    last, before = steps[-1], steps[:-1]
    paid = [i for i, step in enumerate(before) if step.kind == "paid"]
    if last.kind == "paid":
        return "paid_again" if paid and any(step.kind in _ENDS for step in before[paid[-1] :]) else "paid"
    if last.kind != "other" and last.number is not None and not paid:
        return "never_paid"
    return last.kind


def stands_paid(steps: Sequence[Step]) -> bool:
    """Whether the order was paid and nothing ended it since."""
    told = [step.kind for step in steps if step.kind != "other"]
    return bool(told) and told[-1] == "paid"


def _ids(options: Mapping[str, str], name: str, default: frozenset[str]) -> frozenset[str]:
    if name not in options:
        return default
    ids = [part.strip() for part in options[name].split(",") if part.strip()]
    if not all(part.isascii() and part.isdecimal() for part in ids):
        raise InvalidInput(f"CHECKOUT_BRIDGE_PRESTASHOP_{name} must be ids of states, as 6,17", key="invalid_setting")
    return frozenset(ids)
