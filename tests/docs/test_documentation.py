"""The documentation is whole and true: every hook, setting, command and route is in it, and its Python runs."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from checkout_bridge.bridge.endpoints import create_endpoints
from checkout_bridge.cli import main
from checkout_bridge.client import Client
from checkout_bridge.events import Capabilities
from checkout_bridge.extension import CheckoutBridge
from checkout_bridge.hookspecs import PlatformSpec
from checkout_bridge.settings import SETTINGS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md"), *ROOT.glob("plugins/*/README.md")])

HOOKS = [name for name in vars(PlatformSpec) if not name.startswith("_")]


def commands(command: click.Command = main, path: str = "checkout-bridge") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its full name."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from commands(found, f"{path} {name}")


COMMANDS = list(commands())


def tracked(*patterns: str) -> list[Path]:
    """Files of the project, without what git ignores."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).exists()]


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_with_its_promise(hook: str) -> None:
    promise = inspect.getdoc(getattr(PlatformSpec, hook)) or ""
    page = (REFERENCE / "hooks.md").read_text()

    assert f"## {hook}\n" in page
    assert promise.splitlines()[0].replace("``", "`") in page


def test_there_are_at_most_fifteen_hooks() -> None:
    assert len(HOOKS) <= 15


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented_with_its_default(setting: object) -> None:
    default = f"`{setting.default}`" if setting.default else "empty"

    assert f"| `{setting.variable}` | {default} | {setting.meaning} |" in (REFERENCE / "settings.md").read_text()


@pytest.mark.parametrize(
    ("name", "command"), list(commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_is_documented_with_its_options_and_an_example(name: str, command: click.Command) -> None:
    page = (REFERENCE / "cli.md").read_text()
    section = next(
        part for part in page.split("\n## ") if re.match(rf"{re.escape(name)}( [a-z_\[]+\]?)?\n", part.lower())
    )

    assert (command.epilog or "").startswith("Example: ")
    assert (command.epilog or "").removeprefix("Example: ") in section
    for option in (param for param in command.params if isinstance(param, click.Option)):
        assert f"`{option.opts[0]}`" in section


def test_the_table_of_platforms_is_that_of_the_plugins(tmp_path: Path) -> None:
    environment = {name: None for name in os.environ if name.startswith("CHECKOUT_BRIDGE_")}
    environment["CHECKOUT_BRIDGE_DATA_DIR"] = str(tmp_path)

    table = CliRunner().invoke(main, ["plugins", "table"], env=environment).output

    ours = {path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml")}
    made = {line.split(" ")[1]: line for line in table.splitlines()}
    page = (REFERENCE / "platforms.md").read_text()
    assert ours <= set(made), "a platform is broken or not installed: see `checkout-bridge plugins list`"
    assert [name for name in ("platform", *ours) if made[name] not in page.splitlines()] == [], (
        "docs/reference/platforms.md is stale: put the output of `checkout-bridge plugins table` there"
    )


@pytest.mark.parametrize("capability", [field.name for field in fields(Capabilities)])
def test_every_capability_is_explained(capability: str) -> None:
    assert f"| `{capability}` | " in (REFERENCE / "platforms.md").read_text()


def test_every_route_of_the_http_door_is_documented(tmp_path: Path) -> None:
    bridge = CheckoutBridge(data_dir=tmp_path)
    bridge.wrap(lambda environ, start_response: [])
    page = (REFERENCE / "http.md").read_text()

    for rule in create_endpoints(bridge.runtime.doors).url_map.iter_rules():
        method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        assert f"`{method} {rule.rule.replace('<path:', '<')}`" in page


def test_every_method_of_the_client_is_documented() -> None:
    page = (REFERENCE / "client.md").read_text()

    with Client("http://127.0.0.1:1", "id", "token") as client:
        for resource in ("vouchers", "validations", "redemptions", "orders", "customers", "exports", "async_actions"):
            methods = [name for name, _ in inspect.getmembers(getattr(client, resource), inspect.ismethod)]
            assert [name for name in methods if not name.startswith("_") and f"`{name}`" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.fixture
def page_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a page's code runs: what it imports from there is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(
    "page", [ROOT / "README.md", DOCS / "tutorial.md", DOCS / "write-a-plugin.md"], ids=lambda page: page.name
)
def test_the_python_of_a_page_runs(page: Path, page_folder: Path) -> None:
    """A block under a file's name is that file; one without is run."""
    blocks = re.findall(r"(?:^`(\S+)`\n\n)?^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    for file, code in blocks:
        if file:
            (page_folder / file).parent.mkdir(exist_ok=True)
            (page_folder / file).write_text(code)
    names: dict[str, object] = {"__name__": "page"}

    exec(compile("\n".join(code for file, code in blocks if not file), page.name, "exec"), names)

    if page.name != "write-a-plugin.md":
        names["bridge"].close()


def test_the_readmes_shop_gives_the_code_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given the shop of the README, when its order is cancelled by its own view, then the code is usable again."""
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL))
    names: dict[str, object] = {"__name__": "page"}
    exec(compile(code, "README.md", "exec"), names)
    app, bridge = names["app"], names["bridge"]
    vouchers = bridge.runtime.client.vouchers
    shopper = app.test_client()
    with shopper.session_transaction() as session:
        session["codes"] = ["WELCOME10"]

    placed = shopper.post("/checkout")
    used = vouchers.get_voucher("WELCOME10")["redemption"]["redeemed_quantity"]
    cancelled = shopper.post("/orders/1001/cancel")
    left = vouchers.get_voucher("WELCOME10")["redemption"]["redeemed_quantity"]

    assert (placed.status_code, placed.headers["Location"]) == (303, "/orders/1001")
    assert names["orders"] == {}
    assert (used, cancelled.status_code, left) == (1, 200, 0)
    bridge.close()


def test_every_files_purpose_is_in_its_first_line() -> None:
    files = tracked("*.py")

    assert len(files) > 100
    assert [str(path) for path in files if not path.read_text().startswith(('"""', "#!"))] == []


def test_no_file_is_longer_than_350_lines() -> None:
    assert [str(path) for path in tracked("*.py") if len(path.read_text().splitlines()) > 350] == []


def test_constraints_name_versions_and_no_addresses() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]

    assert lines
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+", line)] == []
