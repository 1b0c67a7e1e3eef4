"""What the suite's tests are given: the platform under test, its stores, and each of its samples by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.settings import PREFIX
from checkout_bridge.testing import platforms
from checkout_bridge.testing.platforms import Platform
from checkout_bridge.testing.shop_api import ShopApi, serving
from checkout_bridge.testing.store import Store, opened

OpenStore = Callable[..., Store]
MODULES = ("deliveries.py", "events.py", "prices.py", "lifecycle.py")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """The suite's modules, whatever an author's settings say of how files with tests are called."""
    if file_path.name not in MODULES or any(file_path.match(one) for one in parent.config.getini("python_files")):
        return None
    return pytest.Module.from_parent(parent, path=file_path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each sample of what happens to the order, and for each further one."""
    platform = metafunc.config.stash[platforms.KEY]
    if "happening" in metafunc.fixturenames:
        names = list(platform.named()) if platform.sends else []
        metafunc.parametrize("happening", names or [_none("verify_webhook: the platform sends no webhooks")])
    if "further" in metafunc.fixturenames:
        numbers = range(len(platform.samples.expected))
        further = [pytest.param(i, id=f"{i}: {platform.samples.expected[i][0].topic}") for i in numbers]
        metafunc.parametrize("further", further or [_none("expected: there are no further samples")])


def _none(reason: str) -> Any:
    return pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")


@pytest.fixture(scope="session")
def bridge_platform(pytestconfig: pytest.Config) -> Platform:
    """The platform that was named."""
    return pytestconfig.stash[platforms.KEY]


@pytest.fixture(scope="session", autouse=True)
def _nothing_set_up_around() -> Iterator[None]:
    """What the surroundings set for a bridge of their own is no matter of the suite's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            patch.delenv(name)
        yield


@pytest.fixture
def shop_api(bridge_platform: Platform) -> Iterator[ShopApi]:
    """The platform's API, as the samples have it."""
    with serving(bridge_platform.samples.api) as api:
        yield api


@pytest.fixture(scope="session")
def _stocked(bridge_platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the tables alone: made once, copied for each store."""
    folder = tmp_path_factory.mktemp("stocked") / "data"
    with opened(bridge_platform, folder, bridge_platform.options(None)) as store:
        store.standing()
    return folder


@pytest.fixture
def open_store(
    bridge_platform: Platform, _stocked: Path, shop_api: ShopApi, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenStore]:
    """Opens stores with nothing in them, under the samples' options or others."""
    with ExitStack() as stores:

        def open_one(options: Mapping[str, str] | None = None) -> Store:
            told = bridge_platform.options(shop_api.url) if options is None else options
            folder = tmp_path_factory.mktemp("store") / "data"
            return stores.enter_context(opened(bridge_platform, folder, told, shop_api, _stocked))

        yield open_one


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    """A store with nothing in it."""
    return open_store()
