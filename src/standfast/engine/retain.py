"""Retention: once a day what is personal in the audit log and past its term goes, and the log says so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import Event, Target
from standfast.audit.retention import terms, words
from standfast.engine.chore import LEASE, ChoreTx
from standfast.engine.ports import Change
from standfast.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from standfast.audit.retention import Terms
    from standfast.engine.ports import Store
    from standfast.spec.system import System

CHORE = "retention"
EVERY = timedelta(days=1)
APPLIED = "audit.retention_applied"


class Log(Protocol):
    """The log of `engine.record`, as far as retention needs it."""

    def streams(self) -> Sequence[str]: ...
    def prune(self, stream: str, before: datetime, *, because: str) -> int:
        """Removes the payloads of everything stamped before an instant; returns how many went."""


class Retain:
    def __init__(self, store: Store[ChoreTx], log: Log) -> None:
        self._store, self._log = store, log

    def tick(self, system: System, now: datetime) -> int:
        """Answers how many payloads went; nothing where it was done within the day, or another is at it.

        A legal hold, and a conflict between regimes that nobody has decided, stop all of it.
        """
        fence = self._store.keep(
            lambda tx: tx.chores.claim(CHORE, now - EVERY, tx.now(), tx.now() + LEASE)
        )
        if fence is None:
            return 0
        rule = terms(system.compliance)
        gone = {one: self._prune(one, rule, fence, now) for one in self._log.streams()}
        self._store.write(lambda tx: _applied(tx, rule, gone, fence, now))
        return sum(gone.values())

    def _prune(self, stream: str, rule: Terms, fence: int, now: datetime) -> int:
        if rule.erase_personal is None or rule.conflicts:
            return 0
        if not self._store.keep(lambda tx: tx.chores.renew(CHORE, fence, tx.now() + LEASE)):
            raise Conflict("another server has taken over the retention")
        return self._log.prune(stream, now - rule.erase_personal, because=words(rule))


def _applied(
    tx: ChoreTx, rule: Terms, gone: dict[str, int], fence: int, now: datetime
) -> Change[None]:
    total = sum(gone.values())
    said = f"{words(rule)}; {total} payloads went" if total else f"{words(rule)}; none was due"
    if not tx.chores.done(CHORE, fence, now, said):
        raise Conflict("another server has taken over the retention")
    event = Event(
        type=APPLIED,
        category="administration",
        description=said,
        target=Target(type="audit_log", id="retention"),
        context={
            "keep_days": rule.keep.days if rule.keep else None,
            "erase_personal_days": rule.erase_personal.days if rule.erase_personal else None,
            "held": rule.held,
            "conflicts": [*rule.conflicts],
            "payloads": dict(gone),
        },
    )
    return Change(None, (event,))
