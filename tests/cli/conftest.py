"""Running ``checkout-bridge``: in this process for commands, as a process of its own for servers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from checkout_bridge.cli import main
from checkout_bridge.client.resources.orders import Orders

from .exported import SHOP

Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has its own folders, and no setting from outside."""
    for name in [name for name in os.environ if name.startswith("CHECKOUT_BRIDGE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKOUT_BRIDGE_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Where the commands keep their data."""
    return tmp_path / "data"


@pytest.fixture
def command() -> Command:
    """Runs a command line; stdout and stderr are apart."""
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many orders each import was asked for."""
    sizes: list[int] = []
    ask = Orders.import_orders

    def counted(self: Orders, orders: Any, **options: Any) -> Any:
        answer = ask(self, orders, **options)
        sizes.append(len(orders))
        return answer

    monkeypatch.setattr(Orders, "import_orders", counted)
    return sizes


@pytest.fixture
def history(command: Command, tmp_path: Path) -> Callable[..., Result]:
    """Imports these orders, or the text of a file, into the shop."""

    def run(content: Any, *options: str, name: str = "orders.json") -> Result:
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return command("import-history", "shopify", tmp_path / name, "--shop", SHOP, *options)

    return run


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``checkout-bridge`` as a process, which is stopped when the test ends."""
    with ExitStack() as running:

        def run(*arguments: object, **environment: str) -> subprocess.Popen[str]:
            process = running.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", "from checkout_bridge.cli import main; main()", *map(str, arguments)],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                    env={**os.environ, **environment},
                )
            )
            running.callback(_kill, process)
            return process

        yield run


def _kill(process: subprocess.Popen[str]) -> None:
    """With its workers, which would outlive it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def every_command(group: click.Command = main, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every command and group with its path."""
    yield path, str(group.epilog)
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            inner = group.get_command(context, name)
            assert inner is not None
            yield from every_command(inner, (*path, name))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``command_path`` is each command in turn."""
    if "command_path" in metafunc.fixturenames:
        paths = [path for path, _ in every_command()]
        metafunc.parametrize("command_path", paths, ids=[" ".join(path) or "-" for path in paths])
