"""The shop as a whole: which process listens where, and the hands that start, break and mend it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from standfast.demo.ledger import Ledger, Sums, Told, read, sums
from standfast.demo.processes import Processes, Program, wait_until
from standfast.demo.shop.settings import Settings
from standfast.errors import StandfastError
from standfast_kit.clock import monotonic, utc_now

PARTS = ("payments", "api", "worker", "web")
EXPORTER = "exporter"  # tells of the database; no customer needs it
RATE = 20.0  # visits a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    standfast: int
    db: int
    payments: int
    api: int
    worker: int
    web: int
    exporter: int
    mailbox: int
    watchman: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tea:
    """`audit_token` is for the events that the API sends to standfast."""

    folder: Path
    ports: Ports
    database: str
    control: str
    audit_token: str = ""
    fallback: str = "queue"

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.jsonl"

    def address(self, part: str) -> str:
        return f"http://127.0.0.1:{getattr(self.ports, part)}"

    def start(self, processes: Processes, *, database: str = "") -> None:
        """All of them; `database` in place of the right one breaks it."""
        (self.folder / "shop").mkdir(exist_ok=True, mode=0o700)
        for part in (*PARTS, EXPORTER):
            known = Settings(
                port=str(getattr(self.ports, part)), control=self.control,
                folder=str(self.folder / "shop"), database=database or self.database,
                api=self.address("api"), payments=self.address("payments"),
                standfast=self.address("standfast") if self.audit_token else "",
                fallback=self.fallback,
            )  # fmt: skip
            command = [sys.executable, "-m", f"standfast.demo.shop.{part}"]
            environment = known.environment() | {"STANDFAST_AUDIT_TOKEN": self.audit_token}
            processes.start(Program(name=part, command=command, environment=environment))

    def wait(self, processes: Processes, within: float = 60) -> None:
        for part in (*PARTS, EXPORTER):
            wait_until(f"{part} is ready", partial(self._ready, processes, part), within)

    def _ready(self, processes: Processes, part: str) -> bool:
        if not processes.alive(part):
            raise ProgramEnded(f"{part} has ended:\n{processes.last_words(part)}")
        return _succeeds(f"{self.address(part)}/health/ready")

    def open_doors(self, processes: Processes, *, address: str = "", rate: float = RATE) -> None:
        """Let the customers in; `address` in place of the right one leads them astray."""
        command = [sys.executable, "-m", "standfast.demo.customers",
                   address or self.address("web"), str(self.ledger), str(rate),
                   self.address("standfast")]  # fmt: skip
        processes.start(Program(name="customers", command=command, environment={}))

    def turn(self, part: str, mode: str) -> None:
        """`well`, `failing` or `hanging`: what the part does from now on."""
        httpx2.post(
            f"{self.address(part)}/control", params={"mode": mode}, trust_env=False,
            headers={"Authorization": f"Bearer {self.control}"},
        ).raise_for_status()  # fmt: skip

    def visit(self) -> str:
        """Look at the shop as its first customer; this request is in the ledger as all others are."""
        began = monotonic()
        page = httpx2.get(f"{self.address('web')}/", trust_env=False)
        ledger = Ledger(self.ledger)
        took = monotonic() - began
        ledger.write(
            Told(at=utc_now().timestamp(), deed="browse", code=page.status_code, took=took)
        )
        ledger.close()
        return page.text

    def told(self) -> Sums:
        """What customers were told so far."""
        return sums(read(self.ledger))

    def charged(self) -> dict[str, Any]:
        """What the payment service says that it took."""
        answer = httpx2.get(f"{self.address('payments')}/charges", trust_env=False)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def metric(self, part: str, line: str) -> float:
        """One series of a part's own metrics, as it stands there."""
        text = httpx2.get(f"{self.address(part)}/metrics", trust_env=False).text
        found = [one for one in text.splitlines() if one.startswith(line)]
        return float(found[0].rsplit(" ", 1)[1]) if found else 0.0


class ProgramEnded(Exception):
    """Waiting longer does not help."""


def _succeeds(address: str) -> bool:
    try:
        return httpx2.get(address, timeout=3, trust_env=False).is_success
    except httpx2.HTTPError as error:
        raise StandfastError(f"no answer: {type(error).__name__}", where=address) from error
