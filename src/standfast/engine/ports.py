"""What every flow needs of the outside: a way to write, a way to read, a clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from standfast_kit.clock import Clock, Monotonic, monotonic, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.audit.event import Event

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
TxT_co = TypeVar("TxT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Change(Generic[T_co]):
    """What a piece of work answers, and what the audit log shall say of it."""

    result: T_co
    events: tuple[Event, ...] = ()


def steady_of(clock: Clock) -> Monotonic:
    """What measures spans beside this clock, which may be set; a clock that a test moves is its own."""
    return monotonic if clock is utc_now else lambda: clock().timestamp()


class Store(Protocol[TxT_co]):
    """The database as flows see it. `work` may run more than once: no input or output in it, no nesting.

    A flow names the part of the transaction that it uses as a Protocol of its own, and takes a
    `Store[ThatPart]`; the one real transaction has all the parts.
    """

    def write(self, work: Callable[[TxT_co], Change[T]]) -> T:
        """Run `work` and append its events to the audit log, in one durable transaction.

        Returns after the commit. Raises StoreError where nothing could be kept, and refuses a change
        of rows that comes without events.
        """

    def keep(self, work: Callable[[TxT_co], T]) -> T:
        """The same without audit: samples, counts, leases, and nothing that anybody decided."""

    def read(self, work: Callable[[TxT_co], T]) -> T:
        """Run `work` on one consistent picture of the rows; it cannot change any."""
