"""The processes in the storm: bridges, workers and maybe an engine; killed at any moment and started again at once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

from checkout_bridge.bridge.settle import GRACE_SECONDS
from checkout_bridge.settings import PREFIX

TOKEN, KEYS = "storm-token", ("storm", "storm-secret")
# Seconds after which nobody confirms a checkout any more.
CONFIRM_WITHIN = 15
_PATIENCE = 90.0  # seconds for a process to start on a busy machine
# Workers sweep when a minute begins: they are killed then rather than at any other time.
_SWEEPING_SECONDS = 4


class Member:
    """One process that is kept running. It is ``up`` from when it says so, or for a worker from its start."""

    def __init__(self, kind: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.kind = kind
        self._command = [sys.executable, "-m", "checkout_bridge.cli", *arguments]
        self._environment = environment
        self._log = log
        self._ready = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    @property
    def is_up(self) -> bool:
        """Whether it can be asked, or killed."""
        return self._ready.is_set()

    def start(self) -> None:
        """Start it, and look from another thread for what it says."""
        with self._log.open("a") as log:
            # A session of its own: whatever it starts is killed with it.
            self._process = process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        if self.kind == "worker":
            self._ready.set()
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as said:
            for line in said:
                if "http://" in line and process is self._process:
                    self._ready.set()

    def wait_until_up(self) -> None:
        """Raise RuntimeError if it does not come up."""
        if not self._ready.wait(_PATIENCE):
            raise RuntimeError(f"{' '.join(self._command[1:])} did not start: {self._log.read_text()[-2000:]}")

    def kill(self) -> None:
        """As the kernel does when there is no memory left: nothing is finished, nothing is said."""
        self._ready.clear()
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def pause(self, seconds: float) -> None:
        """As a machine does that has no time for it: it goes on later where it was, and knows nothing of it."""
        process = self._process
        if process is None:
            return
        self._ready.clear()

        def go_on() -> None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGCONT)
            self._ready.set()

        os.killpg(process.pid, signal.SIGSTOP)
        timer = threading.Timer(seconds, go_on)
        timer.daemon = True
        timer.start()

    def revive_if_ended(self) -> bool:
        """Start it again if it ended by itself, which it should not."""
        if self._process is None or self._process.poll() is None:
            return False
        self._ready.clear()
        self.start()
        return True


class Fleet:
    """``servers`` bridges and ``workers`` on one ledger and one engine, which is ``apart`` or in each of them.

    ``deadline`` is the seconds that a step may take at the promotions API.
    """

    def __init__(
        self, folder: Path, database: str | None, *, servers: int, workers: int, apart: bool, deadline: float
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.ledger_url = database or f"sqlite:///{folder}/ledger.db"
        self.engine_url = database or f"sqlite:///{folder}/engine.db"
        self.ports = [_free_port() for _ in range(servers)]
        self.engine_port = _free_port() if apart else self.ports[0]
        self.deadline = deadline
        self.environment = self._settings(apart=apart)
        self.killed: Counter[str] = Counter()
        self.paused: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        options = ["--port", str(self.engine_port), "--database", self.engine_url]
        self.engine = [self._member("engine", "engine", "serve", *options, "--no-worker")] if apart else []
        self._bridges = [self._member("server", "serve", "--port", str(port), "--no-worker") for port in self.ports]
        self._workers = [self._member("worker", "worker") for _ in range(workers)]

    def _settings(self, *, apart: bool) -> dict[str, str]:
        id, token = KEYS
        told = {
            "DATA_DIR": str(self._folder),
            "LEDGER_URL": self.ledger_url,
            "ENGINE_DATABASE_URL": self.engine_url,
            "ENGINE_APP_ID": id,
            "ENGINE_APP_TOKEN": token,
            "TOKEN": TOKEN,
            "DEADLINE": str(self.deadline),
            "CONFIRM_WITHIN": str(CONFIRM_WITHIN),
            "BREAKER_RESET": "1",
        }
        if apart:
            told |= {"API_URL": f"http://127.0.0.1:{self.engine_port}", "API_APP_ID": id, "API_APP_TOKEN": token}
        outside = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return outside | {PREFIX + name: value for name, value in told.items()}

    def _member(self, kind: str, *arguments: str) -> Member:
        return Member(kind, arguments, self.environment, self._folder / f"{kind}.log")

    @property
    def _members(self) -> list[Member]:
        return [*self.engine, *self._bridges, *self._workers]

    def __enter__(self) -> Fleet:
        try:
            for group in (self.engine, [*self._bridges, *self._workers]):
                for member in group:
                    member.start()
                for member in group:
                    member.wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            member.kill()

    def wait_until_up(self) -> None:
        """Wait until all can be asked."""
        for member in self._members:
            member.wait_until_up()

    def strike(self, random: Random, *, kill: bool) -> bool:
        """Kill one that is up, and start it again at once, or pause it until the others have given it up.

        False if none is up. Who has ended is started again, too.
        """
        for member in self._members:
            if member.revive_if_ended():
                self.ended[member.kind] += 1
        sweeping = time.time() % 60 < _SWEEPING_SECONDS
        weights = {"server": 6, "worker": 20 if sweeping else 1, "engine": 2}
        up = [member for member in self._members if member.is_up]
        if not up:
            return False
        victim = random.choices(up, [weights[member.kind] for member in up])[0]
        if kill:
            victim.kill()
            victim.start()
            self.killed[victim.kind] += 1
        else:
            victim.pause(self.deadline + GRACE_SECONDS + 2)
            self.paused[victim.kind] += 1
        return True

    def settle(self) -> None:
        """What a person does: ``checkout-bridge ledger settle``."""
        command = [sys.executable, "-m", "checkout_bridge.cli", "ledger", "settle", "--json"]
        with (self._folder / "settle.log").open("a") as log:
            subprocess.run(command, env=self.environment, stdout=log, stderr=log, timeout=_PATIENCE)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
