"""Counters of what happens, in the Prometheus text format."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, generate_latest


class Metrics:
    """One registry a bridge, so that two in a process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._unused: set[tuple[str, str]] = set()
        self.webhooks = self._counter("webhooks", "Webhook deliveries by what came of them.", "platform", "status")
        self.inbox = self._counter("inbox", "Deliveries by the status that the inbox has since.", "platform", "status")
        self.requests = self._counter("door_requests", "Requests at the HTTP door.", "operation", "status")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"checkout_bridge_{name}", meaning, labels, registry=self._registry)

    def is_first(self, platform: str, topic: str) -> bool:
        """Whether no delivery under this topic was of no use before, as this one is."""
        is_first = (platform, topic) not in self._unused
        self._unused.add((platform, topic))
        return is_first

    def text(self) -> bytes:
        """All counters."""
        return generate_latest(self._registry)
