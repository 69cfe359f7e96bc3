"""How a breaker stands around a call: functions of four colours, and blocks."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from types import TracebackType

    from standfast_kit.breaker import Breaker, Probes
    from standfast_kit.fallback import Fallback
    from standfast_kit.window import Window

Function = Any
"""A callable whose signature the decorator hands on unchanged (typed by the breaker's overloads)."""


class Permit:
    """One admitted call. Settle it once; a second time does nothing."""

    __slots__ = ("_breaker", "_period", "_settled", "_started")

    def __init__(self, breaker: Breaker, period: Window | Probes | None) -> None:
        self._breaker, self._period, self._settled = breaker, period, False
        self._started = breaker.clock() if breaker.rule.slow else 0.0

    def returned(self, result: object) -> None:
        self.settle(failed=self._breaker.judge(result))

    def raised(self, error: BaseException) -> None:
        self.settle(failed=self._breaker.verdict(error))

    def settle(self, *, failed: bool | None) -> None:
        """None gives the place back: the call said nothing about the dependency."""
        if not self._settled:
            self._settled = True
            self._breaker.settle(self._period, failed=failed, slow=self._slow())

    def _slow(self) -> bool:
        slow = self._breaker.rule.slow
        return (
            slow is not None and self._breaker.clock() - self._started >= slow.over.total_seconds()
        )


class Guard:
    """A guarded block; `fail()` and `drop()` say what no exception says."""

    __slots__ = ("_breaker", "_failed", "_permit")

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self._permit: Permit | None = None
        self._failed: bool | None = False

    def fail(self, failed: bool = True) -> None:
        """Count the block as a failure although it will not raise."""
        self._failed = failed

    def drop(self) -> None:
        """Count the block for nothing."""
        self._failed = None

    def __enter__(self) -> Self:
        self._permit = self._breaker.admit()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        permit, self._permit = self._permit, None
        if permit is None:
            return
        if error is not None:
            permit.raised(error)
        else:
            permit.settle(failed=self._failed)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, trace)


def wrap(breaker: Breaker, fn: Function, fallback: Fallback | None) -> Function:
    """`fn` behind `breaker`, and behind `fallback` when there is one."""
    if inspect.isasyncgenfunction(fn) or inspect.isgeneratorfunction(fn):
        if fallback is not None:
            raise TypeError(
                f"{fn!r}: a generator cannot have a fallback; it may have yielded already"
            )
        return (
            _async_generator(breaker, fn)
            if inspect.isasyncgenfunction(fn)
            else _generator(breaker, fn)
        )
    plain = breaker.rule.slow is None and breaker.rule.failed_result is None
    if inspect.iscoroutinefunction(fn):
        guarded = _async_quick(breaker, fn) if plain else _async_careful(breaker, fn)
        return guarded if fallback is None else _async_fallback(breaker, guarded, fallback)
    guarded = _quick(breaker, fn) if plain else _careful(breaker, fn)
    return guarded if fallback is None else _fallback(breaker, guarded, fallback)


def _careful(breaker: Breaker, fn: Function) -> Function:
    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        permit = breaker.admit()
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:
            permit.raised(error)
            raise
        permit.returned(result)
        return result

    return call


def _quick(breaker: Breaker, fn: Function) -> Function:
    """The closed path: one clock reading, one comparison, one tick."""
    clock, careful = breaker.clock, _careful(breaker, fn)

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        window = breaker.window
        if window is None:
            if (now := clock()) < breaker.refuse_until:
                raise breaker.refusal(now)
            return careful(*args, **kwargs)
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:
            breaker.settle(window, failed=breaker.verdict(error))
            raise
        if clock() < window.edge:
            window.tick()
        else:
            breaker.settle(window, failed=False)
        return result

    return call


def _async_careful(breaker: Breaker, fn: Function) -> Function:
    @functools.wraps(fn)
    async def call(*args: Any, **kwargs: Any) -> Any:
        permit = breaker.admit()
        try:
            result = await fn(*args, **kwargs)
        except BaseException as error:
            permit.raised(error)
            raise
        permit.returned(result)
        return result

    return call


def _async_quick(breaker: Breaker, fn: Function) -> Function:
    clock, careful = breaker.clock, _async_careful(breaker, fn)

    @functools.wraps(fn)
    async def call(*args: Any, **kwargs: Any) -> Any:
        window = breaker.window
        if window is None:
            if (now := clock()) < breaker.refuse_until:
                raise breaker.refusal(now)
            return await careful(*args, **kwargs)
        try:
            result = await fn(*args, **kwargs)
        except BaseException as error:
            breaker.settle(window, failed=breaker.verdict(error))
            raise
        if clock() < window.edge:
            window.tick()
        else:
            breaker.settle(window, failed=False)
        return result

    return call


def _generator(breaker: Breaker, fn: Callable[..., Iterator[Any]]) -> Function:
    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        with Guard(breaker):
            return (yield from fn(*args, **kwargs))

    return call


def _async_generator(breaker: Breaker, fn: Callable[..., AsyncIterator[Any]]) -> Function:
    @functools.wraps(fn)
    async def call(*args: Any, **kwargs: Any) -> Any:
        inner = fn(*args, **kwargs)
        try:
            async with Guard(breaker):
                async for item in inner:
                    yield item
        finally:
            await inner.aclose()  # type: ignore[attr-defined]  # it is an asynchronous generator

    return call


def _fallback(breaker: Breaker, guarded: Function, fallback: Fallback) -> Function:
    @functools.wraps(guarded)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            result = guarded(*args, **kwargs)
        except Exception as error:
            failure = fallback.failure(breaker, error)
            if failure is None:
                raise
            return fallback.give(breaker, failure, args, kwargs)
        fallback.remember(args, kwargs, result)
        return result

    return call


def _async_fallback(breaker: Breaker, guarded: Function, fallback: Fallback) -> Function:
    @functools.wraps(guarded)
    async def call(*args: Any, **kwargs: Any) -> Any:
        try:
            result = await guarded(*args, **kwargs)
        except Exception as error:
            failure = fallback.failure(breaker, error)
            if failure is None:
                raise
            # The queue commits to disk before it answers; that must not hold up the event loop.
            return await fallback.give_async(breaker, failure, args, kwargs)
        fallback.remember(args, kwargs, result)
        return result

    return call
