"""Every platform that is installed keeps the promises of the contract suite."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]

PLATFORMS = sorted({point.name for point in entry_points(group="checkout_bridge")})


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platform_keeps_its_promises(run_suite: Callable[..., pytest.RunResult], platform: str) -> None:
    outcomes = run_suite(platform, "-p", "no:randomly").parseoutcomes()

    assert set(outcomes) <= {"passed", "skipped"}
    assert outcomes["passed"] >= 9
