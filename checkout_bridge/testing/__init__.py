"""For authors of plugins: ``pytest --bridge-plugin=NAME`` runs the contract suite on an installed platform plugin.

This is loaded in every run of pytest where the package is installed: nothing else is imported before it is asked for.
"""

from __future__ import annotations

from pathlib import Path

import pytest

OPTION = "--bridge-plugin"
SUITE = Path(__file__).parent / "suite"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the platform's name."""
    group = parser.getgroup("checkout-bridge", "Checkout Bridge")
    group.addoption(OPTION, metavar="NAME", help="run the contract suite of Checkout Bridge on this platform's plugin")


def pytest_configure(config: pytest.Config) -> None:
    """Put the suite before the tests that were asked for by path, or in the place of those that were not.

    Raises UsageError when the platform is not installed, is broken, or has no samples.
    """
    name = config.getoption(OPTION)
    if name is None:
        return
    from checkout_bridge.testing import platforms

    config.stash[platforms.KEY] = platforms.find(name)
    asked = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
    config.args = [str(SUITE), *(path for path in asked if path != str(SUITE))]
    config.args_source = pytest.Config.ArgsSource.ARGS
