"""The settings: one documented row each; explicit argument over ``app.config`` over environment over default."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Kind, Occasion, OutageMode, Restoring

PREFIX = "CHECKOUT_BRIDGE_"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: its name after ``CHECKOUT_BRIDGE_``, its default as text, what it means, and how it is read."""

    name: str
    default: str
    meaning: str
    read: Callable[[str], Any] = str
    secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable and ``app.config`` key."""
        return PREFIX + self.name

    @property
    def field(self) -> str:
        """The attribute of Settings and the keyword argument."""
        return self.name.lower()


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 3600:
        raise ValueError("must be more than 0 and at most 3600 seconds")
    return value


def _whole(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError("must be at least 1")
    return value


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip().rstrip("/") for word in text.split(",") if word.strip())


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0", "yes", "no"):
        raise ValueError("must be true or false")
    return text.lower() in ("true", "1", "yes")


def _url(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return text.rstrip("/")


def _database(text: str) -> str:
    if text and not text.startswith(("sqlite://", "postgresql://", "postgres://", "postgresql+psycopg://")):
        raise ValueError("must start with sqlite:// or postgresql://")
    return text


def _queue(text: str) -> str:
    if text and not text.startswith(("redis://", "rediss://", "postgresql://")):
        raise ValueError("must start with redis:// or postgresql://")
    return text


def _modes(text: str) -> Mapping[Kind, OutageMode]:
    """``closed``, or ``coupon=open_without_discount, gift_card=closed``; later words count more."""
    modes: dict[Kind, OutageMode] = dict.fromkeys(get_args(Kind), "closed")
    for word in _listed(text):
        name, mode = word.rsplit("=", 1) if "=" in word else ("*", word)
        for kind in _of(name, Kind):
            modes[kind] = _one_of(mode, OutageMode)
    return modes


def _policy(text: str) -> Mapping[tuple[Occasion, Kind], Restoring]:
    """``chargeback.coupon=restore, partial_refund=keep``; without a kind it is for all, later words count more."""
    policy = {}
    for word in _listed(text):
        if "=" not in word:
            raise ValueError(f"{word!r} must look like chargeback.coupon=keep")
        name, restoring = word.rsplit("=", 1)
        occasion, _, kind = name.partition(".")
        for happening in _of(occasion, Occasion):
            for one in _of(kind or "*", Kind):
                policy[happening, one] = _one_of(restoring, Restoring)
    return policy


def _listed(text: str) -> list[str]:
    return ["".join(word.split()) for word in text.split(",") if word.strip()]


def _of(name: str, names: Any) -> tuple[Any, ...]:
    return get_args(names) if name == "*" else (_one_of(name, names),)


def _one_of(name: str, names: Any) -> Any:
    if name not in get_args(names):
        raise ValueError(f"{name!r} must be one of {', '.join(get_args(names))}")
    return name


SETTINGS = (
    Setting("DATA_DIR", "./checkout-bridge-data", "Folder of the databases and of the keys made at first start.", Path),
    Setting("LEDGER_URL", "", "Database of the ledger. Empty: `ledger.db` in `DATA_DIR`.", _database),
    Setting("ENGINE_DATABASE_URL", "", "Database of the embedded engine. Empty: `engine.db` in `DATA_DIR`.", _database),
    Setting("API_URL", "", "Base URL of the promotions API. Empty: the embedded engine.", _url),
    Setting("API_APP_ID", "", "`X-App-Id` for the promotions API at `API_URL`.", secret=True),
    Setting("API_APP_TOKEN", "", "`X-App-Token` for the promotions API at `API_URL`.", secret=True),
    Setting("ENGINE_APP_ID", "", "`X-App-Id` the engine accepts. Empty: made once, kept in `DATA_DIR`.", secret=True),
    Setting("ENGINE_APP_TOKEN", "", "`X-App-Token` the engine accepts. Empty: made once, kept.", secret=True),
    Setting(
        "ENGINE_MANAGEMENT_ID",
        "",
        "`X-Management-Id` the engine accepts on its management paths. Empty: made once, kept.",
        secret=True,
    ),
    Setting("ENGINE_MANAGEMENT_TOKEN", "", "`X-Management-Token` to go with it. Empty: made once, kept.", secret=True),
    Setting("ENGINE_CLIENT_ID", "", "`X-Client-Application-Id` browsers send. Empty: that door is closed."),
    Setting("ENGINE_CLIENT_TOKEN", "", "`X-Client-Token` browsers send. Empty: that door is closed."),
    Setting(
        "ENGINE_CLIENT_ORIGINS",
        "",
        "Origins of the pages that may ask from a browser, with commas between; `*` is all.",
        _words,
    ),
    Setting("ENGINE_CLIENT_REDEMPTIONS", "false", "Whether browsers may redeem, not only validate.", _flag),
    Setting("EXPORTS_DIR", "", "Folder of export files, which all servers and workers share. Empty: in `DATA_DIR`."),
    Setting("EXPORTS_KEPT_FOR", "604800", "Seconds after which the file of a finished export is removed.", _whole),
    Setting(
        "QUEUE_URL",
        "",
        "Queue that rings for workers: redis://... or postgresql://... Empty: `queue.db` in `DATA_DIR`.",
        _queue,
    ),
    Setting("TOKEN", "", "Bearer token of the HTTP door. Empty: that door is closed (403).", secret=True),
    Setting("PLATFORM", "generic", "Platform of carts and orders when none is named."),
    Setting("SHOP", "default", "Shop of carts and orders when none is named."),
    Setting(
        "DEADLINE", "10", "Seconds in all that one step of a shop's request may wait for the promotions API.", _seconds
    ),
    Setting("QUOTE_TTL", "600", "Seconds for which a quote, and what it holds, stands.", _seconds),
    Setting(
        "CONFIRM_WITHIN",
        "900",
        "Seconds within which a shop confirms a checkout; after that it is looked into.",
        _seconds,
    ),
    Setting(
        "HOLDS_PER_CLIENT", "3", "Quotes that one client may hold at a time; one more lets go of the oldest.", _whole
    ),
    Setting(
        "OUTAGE",
        "closed",
        "What a checkout does while the promotions API is out of reach, such as "
        "`coupon=open_without_discount, gift_card=honour_quote`.",
        _modes,
    ),
    Setting("BREAKER_FAILURES", "5", "Failures in a row after which the promotions API is left alone.", _whole),
    Setting("BREAKER_RESET", "15", "Seconds for which it is then left alone.", _seconds),
    Setting(
        "RESTORE_POLICY",
        "",
        "What is given back when, where it is not the default, such as "
        "`chargeback.coupon=restore, partial_refund=keep`.",
        _policy,
    ),
    Setting("MAX_BODY", "1048576", "Bytes that a request body at the bridge's doors may have.", _whole),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}
# Databases and backends may be given with their password: postgresql://name:password@host/.
_PASSWORD = re.compile(r"(://[^/@:]*:)[^/@]*@")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. Secrets are masked when shown; ``options`` are those of the platform plugins."""

    data_dir: Path
    ledger_url: str
    engine_database_url: str
    api_url: str
    api_app_id: str
    api_app_token: str
    engine_app_id: str
    engine_app_token: str
    engine_management_id: str
    engine_management_token: str
    engine_client_id: str
    engine_client_token: str
    engine_client_origins: frozenset[str]
    engine_client_redemptions: bool
    exports_dir: Path
    exports_kept_for: int
    queue_url: str
    token: str
    platform: str
    shop: str
    deadline: float
    quote_ttl: float
    confirm_within: float
    holds_per_client: int
    outage: Mapping[Kind, OutageMode]
    breaker_failures: int
    breaker_reset: float
    restore_policy: Mapping[tuple[Occasion, Kind], Restoring]
    max_body: int
    options: Mapping[str, str]

    def __repr__(self) -> str:
        shown = (f"{field.name}={self._masked(field.name)!r}" for field in fields(self) if field.name != "options")
        return f"Settings({', '.join(shown)}, options={sorted(self.options)})"

    def _masked(self, field: str) -> Any:
        value = getattr(self, field)
        if value and _BY_NAME[field.upper()].secret:
            return "***"
        return _PASSWORD.sub(r"\1***@", value) if isinstance(value, str) else value

    def options_of(self, platform: str) -> dict[str, str]:
        """A plugin's own options: ``CHECKOUT_BRIDGE_<PLATFORM>_<NAME>`` as ``NAME``."""
        prefix = f"{platform.upper().replace('-', '_')}_"
        return {name.removeprefix(prefix): value for name, value in self.options.items() if name.startswith(prefix)}


def read_settings(
    explicit: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Put the settings together. ``explicit`` has lower-case names, the other two the full variable names.

    None counts as not given. Raises InvalidInput, naming the setting, when one cannot be read.
    """
    environment = os.environ if environment is None else environment
    given = {name.removeprefix(PREFIX): value for name, value in environment.items() if name.startswith(PREFIX)}
    for name, value in (config or {}).items():
        if name.startswith(PREFIX) and value is not None:
            given[name.removeprefix(PREFIX)] = value
    given |= {name.upper(): value for name, value in (explicit or {}).items() if value is not None}
    values = {setting.field: _read(setting, given.pop(setting.name, setting.default)) for setting in SETTINGS}
    folder = values["data_dir"]
    values["ledger_url"] = values["ledger_url"] or _sqlite(folder / "ledger.db")
    values["engine_database_url"] = values["engine_database_url"] or _sqlite(folder / "engine.db")
    values["exports_dir"] = Path(values["exports_dir"] or folder / "exports")
    return Settings(**values, options={name: str(value) for name, value in given.items()})


def refuse_unknown(explicit: Iterable[str], platforms: Iterable[str]) -> None:
    """Raise InvalidInput for a keyword argument that is neither a setting nor an option of one of these platforms."""
    prefixes = tuple(f"{platform.lower().replace('-', '_')}_" for platform in platforms)
    for name in explicit:
        if name.upper() not in _BY_NAME and not name.lower().startswith(prefixes):
            raise InvalidInput(f"{name} is not a setting", message="Invalid setting", key="invalid_setting")


def _sqlite(path: Path) -> str:
    """The URL of a database file; signs that mean something in URLs are encoded."""
    return f"sqlite:///{quote(str(path))}"


def _read(setting: Setting, value: Any) -> Any:
    try:
        return setting.read(str(value))
    except ValueError as error:
        raise InvalidInput(f"{setting.variable}: {error}", message="Invalid setting", key="invalid_setting") from None
