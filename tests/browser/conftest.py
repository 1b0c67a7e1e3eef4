"""The demo as a newcomer starts it, a real process, and a shopper in the system's Chromium who looks at it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

START_SECONDS = STOP_SECONDS = 30
PICTURES = Path(__file__).parents[2] / "docs" / "images"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGS = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
]


class Demo:
    """``checkout-bridge demo`` as a process of its own; it can be stopped and started again over the same data."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._process: subprocess.Popen[str] | None = None

    def start(self, *options: str) -> None:
        """Returns when the demo has said that it is ready; ``url`` is where, without a slash at its end."""
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        own = {name: value for name, value in os.environ.items() if not name.startswith("CHECKOUT_BRIDGE_")}
        self._process = subprocess.Popen(
            [Path(sys.executable).with_name("checkout-bridge"), "demo", "--port", str(port), *options],
            env={**own, "CHECKOUT_BRIDGE_DATA_DIR": str(self.data_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        watchdog = threading.Timer(START_SECONDS, self._process.kill)
        watchdog.start()
        said = self._process.stdout.readline()
        watchdog.cancel()
        if f"{self.url}/" not in said:
            pytest.fail(f"the demo did not start: {said}{self._end()}")

    def stop(self) -> None:
        """Ask it to end, and see that it did so in peace."""
        if self._process is not None:
            self._process.terminate()
            assert self._end() == "", "the demo complained"

    def _end(self) -> str:
        """Everything that it said since it was ready."""
        process, self._process = self._process, None
        try:
            return process.communicate(timeout=STOP_SECONDS)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise


class Shopper:
    """Somebody with a browser of their own. What a browser's console would complain about is collected."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._url = url
        self._expected: list[str] = []
        page.set_default_timeout(10_000)
        page.on("request", self._note_request)
        page.on("response", self._note_response)
        page.on("requestfailed", self._note_failure)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("console", self._note_console)

    def see(self, path: str) -> None:
        self.page.goto(self._url + path)

    def click(self, testid: str) -> None:
        """Press a button and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_test_id(testid).click()

    def add(self, slug: str) -> None:
        """Find the product in the catalogue, look at its page, and put it into the cart."""
        self.see("/")
        self.page.locator(f'h2 a[href="/products/{slug}"]').click()
        self.click(f"add-{slug.upper()}-01")

    def enter(self, kind: str, code: str) -> None:
        """Type a ``code`` or a ``gift`` card into its field of the cart."""
        self.page.get_by_test_id(f"{kind}-input").fill(code)
        self.click(f"{kind}-apply")

    def reads(self, testid: str) -> str:
        """The text of one element, with spaces of any kind folded into one."""
        return " ".join(self.page.get_by_test_id(testid).inner_text().split())

    def sees(self, testid: str) -> bool:
        return self.page.get_by_test_id(testid).count() > 0

    def status_of(self, code: str) -> str:
        """What is left of a code, as the box of codes on the current page tells it."""
        return self.reads(f"code-status-{code}")

    def order(self) -> str:
        """Place the order of the current cart; the path of its page, where the shopper is then."""
        self.click("checkout")
        path = urlsplit(self.page.url).path
        assert re.fullmatch(r"/orders/\d+", path)
        return path

    def expects_refusal(self, status: int, path: str) -> None:
        """The shop is meant to answer this; any other 4xx or 5xx is a complaint."""
        self._expected.append(f"{status} {path}")

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    def photograph(self, name: str) -> None:
        """Renew a picture of the documentation, when that is asked for; else the tree stays as it is."""
        if os.environ.get("CHECKOUT_BRIDGE_SCREENSHOTS") == "1":
            PICTURES.mkdir(parents=True, exist_ok=True)
            self.page.mouse.move(0, 0)
            self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self._url}/", "data:")):
            self.complaints.append(f"elsewhere: {request.url}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 400:
            refusal = f"{response.status} {urlsplit(response.url).path}"
            if refusal in self._expected:
                self._expected.remove(refusal)
            else:
                self.complaints.append(refusal)

    def _note_failure(self, request: Request) -> None:
        # The browser itself lets go of what a page still loads, such as its icon, when the shopper goes on.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.failure}: {request.url}")

    def _note_console(self, message: ConsoleMessage) -> None:
        # A refused request is noted above, where those that are expected are known.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"console: {message.text}")

    def leave(self) -> None:
        """See that there was nothing to complain about, and that each expected refusal came."""
        assert self.complaints == []
        assert self._expected == []


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A running demo over data of its own."""
    demo = Demo(tmp_path / "data")
    demo.start()
    try:
        yield demo
    finally:
        demo.stop()


# Not for the whole session: while Playwright runs, its event loop is in the way of tests that start one.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless; without one the tests skip, but not in CI."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        reason = f"no browser: install one of {', '.join(CHROMIUM_NAMES)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        # The sandbox does not work for root; Playwright would leave it off for everybody.
        browser = playwright.chromium.launch(
            executable_path=found, args=CHROMIUM_ARGS, chromium_sandbox=os.geteuid() != 0
        )
        yield browser
        browser.close()


@pytest.fixture
def enter_shop(chromium: Browser, demo: Demo) -> Iterator[Callable[[], Shopper]]:
    """Opens the shop for one more shopper, who starts with no cookies."""
    shoppers: list[Shopper] = []

    def enter() -> Shopper:
        shopper = Shopper(chromium.new_page(viewport={"width": 1280, "height": 800}), demo.url)
        shoppers.append(shopper)
        return shopper

    yield enter
    for shopper in shoppers:
        shopper.page.context.close()
    for shopper in shoppers:
        shopper.leave()


@pytest.fixture
def shopper(enter_shop: Callable[[], Shopper]) -> Shopper:
    return enter_shop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
