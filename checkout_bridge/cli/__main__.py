"""``python -m checkout_bridge.cli`` is ``checkout-bridge``."""

from checkout_bridge.cli import main

main()
