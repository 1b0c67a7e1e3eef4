"""Every platform that is installed keeps the promises of the contract suite."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]

PLATFORMS = sorted({point.name for point in entry_points(group="checkout_bridge")})
# One of each sort is held to all of it: carts only, headers that sign, envelopes. Of the others,
# whose own tests are about their deliveries and prices, it is the life of an order, and everything with
# ``CHECKOUT_BRIDGE_EVERY=all``.
WHOLLY = ("generic", "shopify", "medusa")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platform_keeps_its_promises(run_suite: Callable[..., pytest.RunResult], platform: str) -> None:
    is_whole = platform in WHOLLY or os.environ.get("CHECKOUT_BRIDGE_EVERY") == "all"
    chosen = () if is_whole else ("-k", "lifecycle")
    outcomes = run_suite(platform, "-p", "no:randomly", *chosen).parseoutcomes()

    assert set(outcomes) <= {"passed", "skipped", "deselected"}
    assert outcomes["passed"] >= 9
