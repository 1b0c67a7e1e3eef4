"""The engine on a real HTTP server, and the vendor's own client for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

from checkout_bridge.engine.app import create_engine_app, dispose

if TYPE_CHECKING:
    from voucherify import ApiClient


@pytest.fixture
def engine_address(tmp_path: Path) -> Iterator[str]:
    """Where an engine with nothing in it answers."""
    app = create_engine_app(f"sqlite:///{tmp_path}/engine.db", "shop", "secret")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        dispose(app)


@pytest.fixture
def sdk(engine_address: str) -> Iterator[ApiClient]:
    """The published Python SDK, set up as its own guide says."""
    import voucherify

    configuration = voucherify.Configuration(host=engine_address)
    configuration.api_key = {"X-App-Id": "shop", "X-App-Token": "secret"}
    with voucherify.ApiClient(configuration) as client:
        yield client
        client.rest_client.pool_manager.clear()
