"""The plugin of ``docs/write-a-plugin.md``, installed as it is or broken somewhere, and runs of the suite."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checkout_bridge.testing import platforms
from checkout_bridge.testing.store import opened

PAGE = Path(__file__).parents[2] / "docs" / "write-a-plugin.md"
Install = Callable[..., None]
RunSuite = Callable[..., pytest.RunResult]


def files_of_the_page() -> dict[str, str]:
    """The page's files by name."""
    return dict(re.findall(r"^`(\S+)`\n\n```\w+\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL))


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs the page's plugin as ``myshop``; each change is ``(file, what is there, what is put in its place)``."""

    def install(*changes: tuple[str, str, str], without_samples: bool = False) -> None:
        files = files_of_the_page()
        for file, old, new in changes:
            name = f"checkout_bridge_myshop/{file}"
            assert old in files[name], f"{file} on the page has no {old!r}"
            files[name] = files[name].replace(old, new)
        groups = tomllib.loads(files["pyproject.toml"])["project"]["entry-points"]
        if without_samples:
            del groups["checkout_bridge_samples"]
        lines = []
        for group, points in groups.items():
            lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
        metadata = "checkout_bridge_myshop-0.1.0.dist-info"
        files[f"{metadata}/METADATA"] = "Metadata-Version: 2.1\nName: checkout-bridge-myshop\nVersion: 0.1.0\n"
        files[f"{metadata}/entry_points.txt"] = "\n".join(lines)
        for name, text in files.items():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(text)
        monkeypatch.syspath_prepend(str(site))

    site = tmp_path / "site"
    yield install
    for module in [name for name in sys.modules if name.startswith("checkout_bridge_myshop")]:
        del sys.modules[module]


@pytest.fixture
def run_suite(pytester: pytest.Pytester) -> RunSuite:
    """Runs the suite on a platform in an empty folder, within this process, where warnings are errors."""

    def run(platform: str, *arguments: str) -> pytest.RunResult:
        plain = ("-W", "error", "-p", "no:cacheprovider")
        return pytester.runpytest_inprocess(f"--bridge-plugin={platform}", *plain, *arguments)

    return run


@pytest.fixture(scope="session", autouse=True)
def _imported_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a run within this process imports is forgotten after it, but for what was imported before."""
    with opened(platforms.find("generic"), tmp_path_factory.mktemp("imported_once") / "data", {}) as store:
        store.bridge.quote(store.samples.cart.payload)
        store.standing()


def outcomes_of(result: pytest.RunResult) -> dict[str, int]:
    """How many tests passed, failed, ..., without those that were not asked for."""
    outcomes = result.parseoutcomes()
    outcomes.pop("deselected", None)
    return outcomes
