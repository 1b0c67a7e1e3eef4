"""Finds the platform that the suite is run on: its installed plugin, and the samples that come with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pytest

from checkout_bridge.bridge.plugins import Plugins
from checkout_bridge.events import Capabilities
from checkout_bridge.hookspecs import PROJECT
from checkout_bridge.testing.samples import Sample, Samples

SAMPLES_GROUP = "checkout_bridge_samples"
_NOWHERE = "http://127.0.0.1:9"  # until the samples' own API is served


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform's name, what its plugin says that it can do, which hooks it has, and its samples."""

    name: str
    capabilities: Capabilities
    hooks: frozenset[str]
    samples: Samples

    @property
    def sends(self) -> bool:
        """Whether the platform calls by webhook."""
        return "verify_webhook" in self.hooks

    def options(self, api_url: str | None) -> dict[str, str]:
        """The options under which the samples are accepted, with ``API_URL`` where the samples have an API."""
        return _options(self.samples, api_url or _NOWHERE)

    def named(self) -> dict[str, Sample]:
        """What happens to the order of the samples, by name, in its order; ``rest`` and ``cancelled`` end it."""
        told = self.samples
        refunds = {f"refund {number}": sample for number, sample in enumerate(told.refunds, 1)}
        happened = {"paid": told.paid, **refunds, "rest": told.rest, "cancelled": told.cancelled}
        return {name: sample for name, sample in happened.items() if sample is not None}


KEY = pytest.StashKey[Platform]()


def find(name: str) -> Platform:
    """The platform of this name. Raises UsageError when it is not installed, is broken, or has no samples."""
    found = [point for point in entry_points(group=PROJECT) if point.name == name]
    if not found:
        installed = ", ".join(sorted({point.name for point in entry_points(group=PROJECT)})) or "none"
        raise _refusal(name, f"no plugin of that name is installed; installed: {installed}")
    try:
        samples = _samples(name)
    except pytest.UsageError:
        _load(name, found, {})  # a plugin that is broken has broken samples, too: that is the reason to tell
        raise
    hooks = _load(name, found, _options(samples, _NOWHERE))
    told: Capabilities | None = hooks.capabilities()
    implemented = {hook for hook in vars(hooks) if not hook.startswith("_") and getattr(hooks, hook).get_hookimpls()}
    return Platform(name, told or Capabilities(), frozenset(implemented), samples)


def _load(name: str, found: list[EntryPoint], options: Mapping[str, str]) -> Any:
    plugins = Plugins(lambda _: options, found)
    if plugins.broken:
        raise _refusal(name, f"the plugin is broken: {plugins.broken[0].error}")
    return plugins.hooks(name)


def _samples(name: str) -> Samples:
    points = [point for point in entry_points(group=SAMPLES_GROUP) if point.name == name]
    if not points:
        raise _refusal(name, f"the plugin has no samples: name them in the entry-point group {SAMPLES_GROUP}")
    try:
        samples = points[0].load()
    except Exception as error:  # whatever a foreign module raises, its author is told of it in one line
        raise _refusal(name, f"the samples cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(samples, Samples):
        wanted = ", ".join(field.name for field in fields(Samples))
        raise _refusal(name, f"{points[0].value} is no Samples({wanted})")
    return samples


def _options(samples: Samples, api_url: str) -> dict[str, str]:
    return {**samples.options, **({"API_URL": api_url} if samples.api else {})}


def _refusal(name: str, reason: str) -> pytest.UsageError:
    return pytest.UsageError(f"--bridge-plugin={name}: {reason}")
