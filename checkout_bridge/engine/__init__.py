"""The embedded promotions service: it answers the wire contract from its own database."""
