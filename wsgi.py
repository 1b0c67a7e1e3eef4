"""The entry for any production WSGI server: the bridge with its engine, set up by ``CHECKOUT_BRIDGE_*``."""

from checkout_bridge.factory import create_app

app = create_app()
