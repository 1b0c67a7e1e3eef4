"""Finds the platform plugins, keeps the broken ones from stopping the others, and calls one platform's hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from checkout_bridge.errors import NotFound
from checkout_bridge.hookspecs import PROJECT, PlatformSpec, Route


@dataclass(frozen=True, slots=True)
class Broken:
    """A plugin that could not be loaded, and why."""

    name: str
    error: str


class Plugins:
    """The platforms at hand, by name."""

    def __init__(
        self, options_of: Callable[[str], Mapping[str, str]], found: Iterable[EntryPoint] | None = None
    ) -> None:
        self.broken: list[Broken] = []
        self.routes: list[tuple[str, Route]] = []
        self._platforms: dict[str, pluggy.HookRelay] = {}
        for point in sorted(entry_points(group=PROJECT) if found is None else found, key=lambda point: point.name):
            try:
                hooks = _load(point, options_of(point.name))
                self.routes += [(point.name, route) for route in hooks.routes() or ()]
                self._platforms[point.name] = hooks
            except (Exception, SystemExit) as error:  # whatever a foreign module raises must not stop the others
                self.broken.append(Broken(point.name, f"{type(error).__name__}: {error}"))

    @property
    def names(self) -> list[str]:
        """The platforms that work."""
        return list(self._platforms)

    @property
    def installed(self) -> list[str]:
        """The platforms that were found, working or broken."""
        return [*self._platforms, *(broken.name for broken in self.broken)]

    def hooks(self, platform: str) -> Any:
        """The hooks of one platform. Raises NotFound, with the reason if it is there but broken."""
        try:
            return self._platforms[platform]
        except KeyError:
            reasons = [broken.error for broken in self.broken if broken.name == platform]
            details = reasons[0] if reasons else f"Installed: {', '.join(self.names) or 'none'}"
            raise NotFound(f"There is no platform {platform!r}", key="unknown_platform", details=details) from None


def _load(point: EntryPoint, options: Mapping[str, str]) -> pluggy.HookRelay:
    """One manager a platform, so that calling a hook never reaches another platform's plugin."""
    loaded = point.load()
    plugin = loaded() if isinstance(loaded, type) else loaded
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(PlatformSpec)
    manager.register(plugin, name=point.name)
    manager.check_pending()
    manager.hook.configure(options=dict(options))
    return manager.hook
