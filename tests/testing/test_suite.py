"""The contract suite runs anywhere, on any plugin, and tells clearly when it cannot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import outcomes_of

pytest_plugins = ["pytester"]

RunSuite = Callable[..., pytest.RunResult]
Install = Callable[..., None]


def test_the_plugin_of_the_page_keeps_its_promises(install: Install, run_suite: RunSuite) -> None:
    install()

    outcomes = run_suite("myshop").parseoutcomes()

    assert set(outcomes) == {"passed", "skipped"}
    assert outcomes["passed"] > 80


@pytest.mark.parametrize(
    "arguments",
    [
        ("-p", "no:randomly"),
        ("--import-mode=importlib",),
        ("-o", "python_files=*.py"),
        ("--strict-markers",),
    ],
    ids=" ".join,
)
def test_it_runs_under_other_settings(install: Install, run_suite: RunSuite, arguments: tuple[str, ...]) -> None:
    install()
    assert outcomes_of(run_suite("myshop", "-k", "to_the_last_minor_unit", *arguments)) == {"passed": 2}


def test_it_runs_in_several_processes(run_suite: RunSuite) -> None:
    """On a platform that is really installed: xdist's processes know nothing of what tests put on the path."""
    assert outcomes_of(run_suite("generic", "-k", "to_the_last_minor_unit", "-n", "2")) == {"passed": 1, "skipped": 1}


def test_the_authors_own_tests_run_too_when_they_are_named(
    install: Install, run_suite: RunSuite, pytester: pytest.Pytester
) -> None:
    install()
    pytester.makeconftest("import pytest\n\n@pytest.fixture\ndef store():\n    return 'the author has one, too'")
    pytester.makepyfile(
        test_own="def test_to_the_last_minor_unit(store):\n    assert store == 'the author has one, too'"
    )

    alone = run_suite("myshop", "-k", "to_the_last_minor_unit")
    both = run_suite("myshop", "-k", "to_the_last_minor_unit", "test_own.py")

    assert (alone.parseoutcomes()["passed"], both.parseoutcomes()["passed"]) == (2, 3)


def test_what_the_surroundings_set_is_left_out(
    install: Install, run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    install()
    monkeypatch.setenv("CHECKOUT_BRIDGE_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CHECKOUT_BRIDGE_MYSHOP_SECRET", "another")
    assert outcomes_of(run_suite("myshop", "-k", "redeemed_once")) == {"passed": 2}


def test_what_a_platform_lacks_is_skipped_by_name(run_suite: RunSuite) -> None:
    result = run_suite("generic", "-rs")
    assert set(result.parseoutcomes()) == {"passed", "skipped"}
    result.stdout.fnmatch_lines(["*verify_webhook: the platform sends no webhooks"])


def _usage_error(result: pytest.RunResult) -> str:
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    return "\n".join(line for line in result.errlines if line.startswith("ERROR:"))


def test_a_platform_that_is_not_installed_is_a_usage_error_with_those_that_are(run_suite: RunSuite) -> None:
    error = _usage_error(run_suite("nowhere"))
    assert error.startswith("ERROR: --bridge-plugin=nowhere: no plugin of that name is installed; installed: ")
    assert "generic" in error


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("__init__.py", "import hookimpl", "import hookimpel"), "the plugin is broken: ImportError"),
        (("__init__.py", "def event_of", "def event_off"), "the plugin is broken: PluginValidationError"),
        (("samples.py", 'options={"SECRET"', 'options={"SECRETS"'), "CHECKOUT_BRIDGE_MYSHOP_SECRETS is not an option"),
        (("samples.py", "SAMPLES = Samples(", "SAMPLES = dict("), "is no Samples("),
        (("samples.py", "code=", "coupon="), "the samples cannot be loaded: TypeError"),
    ],
)
def test_a_plugin_that_is_broken_is_a_usage_error_with_the_reason(
    install: Install, run_suite: RunSuite, change: tuple[str, str, str], why: str
) -> None:
    install(change)
    assert why in _usage_error(run_suite("myshop"))


def test_a_plugin_without_samples_is_a_usage_error(install: Install, run_suite: RunSuite) -> None:
    install(without_samples=True)
    assert "entry-point group checkout_bridge_samples" in _usage_error(run_suite("myshop"))


def test_without_the_option_nothing_is_added(pytester: pytest.Pytester) -> None:
    assert pytester.runpytest_inprocess().ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_loading_it_in_every_run_of_pytest_is_light() -> None:
    """A process of its own: in this one everything is loaded."""
    code = (
        "import sys, pytest; known = set(sys.modules); import checkout_bridge.testing; print(*set(sys.modules) - known)"
    )
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2]).stdout
    assert set(loaded.split()) == {"checkout_bridge", "checkout_bridge.testing"}
