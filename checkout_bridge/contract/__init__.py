"""The wire contract of the promotions API, as marshmallow schemas shared by client, bridge and engine."""
