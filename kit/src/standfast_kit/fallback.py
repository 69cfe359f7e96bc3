"""What to answer while a dependency cannot: a value, an old answer, or a place in a durable queue.

Fallbacks join with `|`: the first that has an answer gives it. One is asked only after a refusal or an
error that its breaker counts as a failure; an ignored error (a declined card) reaches the caller.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from standfast_kit import clock as clocks
from standfast_kit.breaker import CircuitOpen
from standfast_kit.degraded import Degraded, mark
from standfast_kit.rule import Errors, duration, matches

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from datetime import timedelta

    from standfast_kit.breaker import Breaker
    from standfast_kit.retry_queue import RetryQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a fallback is asked; `retry_after` is in seconds."""

    name: str
    reason: Literal["open", "timeout", "error"]
    error: Exception
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A fallback's answer, and how it came by it."""

    value: object
    mode: str
    age: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """The call was not made; it is on disk and will be, under this key."""

    key: str
    queue: str


class MissingKey(ValueError):
    """A call without an idempotency key cannot be queued: a repetition could not be recognised."""


class Fallback(ABC):
    """The shape of a fallback; the three kinds below are it."""

    blocking = False
    modes: tuple[str, ...] = ()
    """What its answers may be counted under."""

    @abstractmethod
    def answer(
        self, failure: Failure, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Given | None:
        """The answer in place of the failed call; None hands on to the next fallback."""

    def remember(  # noqa: B027 - most have nothing to remember
        self, args: tuple[Any, ...], kwargs: dict[str, Any], result: object
    ) -> None:
        """A call succeeded."""

    def __or__(self, other: Fallback) -> Fallback:
        return Chain(self, other)

    def failure(self, breaker: Breaker, error: Exception) -> Failure | None:
        """None when the error is the caller's business, not the dependency's."""
        if isinstance(error, CircuitOpen) and error.name == breaker.name:
            return Failure(
                name=breaker.name, reason="open", error=error, retry_after=error.retry_after
            )
        if not breaker.verdict(error):
            return None
        reason: Literal["timeout", "error"] = (
            "timeout" if isinstance(error, TimeoutError) else "error"
        )
        return Failure(name=breaker.name, reason=reason, error=error)

    def give(
        self, breaker: Breaker, failure: Failure, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> object:
        """The marked and counted answer; raises the original error when there is none."""
        return _marked(breaker, failure, self.answer(failure, args, kwargs))

    async def give_async(
        self, breaker: Breaker, failure: Failure, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> object:
        """As `give`; a fallback that waits for the disk does so in a thread."""
        if not self.blocking:
            return self.give(breaker, failure, args, kwargs)
        import asyncio

        given = await asyncio.to_thread(self.answer, failure, args, kwargs)
        return _marked(breaker, failure, given)


def _marked(breaker: Breaker, failure: Failure, given: Given | None) -> object:
    if given is None:
        raise failure.error
    breaker.note_degraded(given.mode)
    mark(Degraded(dependency=breaker.name, mode=given.mode, age=given.age))
    return given.value


class Chain(Fallback):
    """The first of two that has an answer."""

    def __init__(self, first: Fallback, second: Fallback) -> None:
        self._first, self._second = first, second
        self.blocking = first.blocking or second.blocking
        self.modes = first.modes + second.modes

    def answer(
        self, failure: Failure, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Given | None:
        given = self._first.answer(failure, args, kwargs)
        return given if given is not None else self._second.answer(failure, args, kwargs)

    def remember(self, args: tuple[Any, ...], kwargs: dict[str, Any], result: object) -> None:
        self._first.remember(args, kwargs, result)
        self._second.remember(args, kwargs, result)


class value(Fallback):  # noqa: N801 - read at the call: fallback=value([])
    """Always this value."""

    modes = ("value",)

    def __init__(self, constant: object) -> None:
        self._constant = constant

    def answer(
        self,
        failure: Failure,  # noqa: ARG002 - the shape
        args: tuple[Any, ...],  # noqa: ARG002 - the shape
        kwargs: dict[str, Any],  # noqa: ARG002 - the shape
    ) -> Given | None:
        return Given(value=self._constant, mode="value")


class compute(Fallback):  # noqa: N801 - read at the call: fallback=compute(popular)
    """What `fn(failure, *args, **kwargs)` returns; it may raise."""

    modes = ("computed",)

    def __init__(self, fn: Callable[..., object]) -> None:
        self._fn = fn

    def answer(
        self, failure: Failure, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Given | None:
        return Given(value=self._fn(failure, *args, **kwargs), mode="computed")


def by_arguments(*args: Any, **kwargs: Any) -> Hashable:
    """The default key of the stale cache."""
    return args, tuple(sorted(kwargs.items()))


class stale(Fallback):  # noqa: N801 - read at the call: fallback=stale(max_age="5m")
    """The last good answer to the same call, if it is no older than `max_age`.

    The least recently used answers go once there are more than `size`. For methods give a `key`:
    by default `self` is part of it. Answers are handed out as they are, not copied.
    """

    modes = ("stale",)

    def __init__(
        self,
        *,
        max_age: str | float | timedelta,
        size: int = 1024,
        key: Callable[..., Hashable] = by_arguments,
        clock: Callable[[], float] = clocks.monotonic,
    ) -> None:
        self._max_age, self._size = duration(max_age).total_seconds(), size
        self._key, self._clock = key, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, object]] = OrderedDict()

    def remember(self, args: tuple[Any, ...], kwargs: dict[str, Any], result: object) -> None:
        try:
            key = self._key(*args, **kwargs)
            with self._lock:
                self._kept[key] = (self._clock(), result)
                self._kept.move_to_end(key)
                if len(self._kept) > self._size:
                    self._kept.popitem(last=False)
        except TypeError:  # arguments that cannot be a key: such a call is not remembered
            return

    def answer(
        self,
        failure: Failure,  # noqa: ARG002 - the shape
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Given | None:
        try:
            key = self._key(*args, **kwargs)
            with self._lock:
                since, result = self._kept[key]
                self._kept.move_to_end(key)
        except (KeyError, TypeError):
            return None
        age = self._clock() - since
        return Given(value=result, mode="stale", age=age) if age <= self._max_age else None


class queue(Fallback):  # noqa: N801 - read at the call: fallback=queue(later, key=...)
    """Put the call on disk, to be made later; the caller gets `Queued`.

    `key(*args)` names the call, the same name for the same call: it must reach the dependency as its
    idempotency key. A refused call was certainly not made. After a timeout nobody knows, and it is
    only the key that makes a second attempt safe; `uncertain=False` never queues those.
    """

    blocking = True
    modes = ("queue",)

    def __init__(
        self,
        into: RetryQueue,
        *,
        key: Callable[..., str],
        payload: Callable[..., object],
        uncertain: bool = True,
        unsent: Errors = ConnectionRefusedError,
    ) -> None:
        self._into, self._key, self._payload = into, key, payload
        self._uncertain, self._unsent = uncertain, unsent

    def answer(
        self, failure: Failure, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Given | None:
        certain = failure.reason == "open" or matches(failure.error, self._unsent)
        if not (certain or self._uncertain):
            return None
        key = self._key(*args, **kwargs)
        if not isinstance(key, str) or not key:
            raise MissingKey(
                f"{failure.name}: the call has no idempotency key, so it was not queued"
            )
        self._into.put(key, self._payload(*args, **kwargs))
        return Given(value=Queued(key=key, queue=self._into.name), mode="queue")
