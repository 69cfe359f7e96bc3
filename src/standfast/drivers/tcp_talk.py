"""Does a server say what it should? Line by line, by TLS where asked, within one deadline."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import re2

from standfast.drivers import database_greeting
from standfast.drivers.resolver import Resolver
from standfast.drivers.wire import FAILURES, Unmet, Wire, failed, wired
from standfast.monitoring.expectation import too_short
from standfast.monitoring.shown import shown
from standfast.monitoring.target import Outcome
from standfast.spec.asking import Secure, Talk
from standfast_kit.clock import Clock, Monotonic, monotonic, utc_now

if TYPE_CHECKING:
    from standfast.monitoring.target import Target

_LINE = 8_192  # bytes; more without an end is no line
_LINES = 1_000  # that one step passes over


class TcpTalk:
    def __init__(
        self,
        clock: Clock = utc_now,
        stopwatch: Monotonic = monotonic,
        resolver: Resolver | None = None,
    ) -> None:
        self._clock, self._stopwatch = clock, stopwatch
        self._resolver = resolver or Resolver()

    def __call__(self, target: Target) -> Outcome:
        talk = target.how if isinstance(target.how, Talk) else Talk()
        began = self._stopwatch()
        try:
            with wired(self._resolver, target.address, target.timeout, self._stopwatch) as wire:
                _hold(wire, talk)
                expires = wire.expires
        except FAILURES as error:
            return failed(error, target.timeout)
        wrong = (
            tuple(too_short(talk.certificate, expires, self._clock())) if talk.certificate else ()
        )
        return Outcome(
            ok=not wrong,
            because="; ".join(wrong),
            latency=timedelta(seconds=self._stopwatch() - began),
            expires=expires,
        )


def _hold(wire: Wire, talk: Talk) -> None:
    if talk.speaks:
        database_greeting.GREETINGS[talk.speaks](wire)
        return
    if talk.at_once:
        wire.begin_tls(talk.tls or Secure())
    lines = Lines(wire)
    for step in talk.steps:
        if step.send:
            wire.send(step.send.encode() + b"\r\n")
        elif step.starttls:
            lines.end()
            wire.begin_tls(talk.tls or Secure())
        else:
            lines.until(step.expect)


class Lines:
    """What the server says, cut at its line ends."""

    def __init__(self, wire: Wire) -> None:
        self._wire, self._rest = wire, b""

    def until(self, pattern: str) -> None:
        """Read on to a line that matches. Raises Unmet with the last line that was said."""
        last = ""
        for _ in range(_LINES):
            try:
                line = self._next()
            except TimeoutError:
                if not last:
                    raise
                raise Unmet(f"said {shown(last)}, expected {shown(pattern)}") from None
            if line is None:
                said = f"said {shown(last)} and hung up" if last else "hung up without a word"
                raise Unmet(f"{said}, expected {shown(pattern)}")
            last = line
            if re2.search(pattern, line) is not None:
                return
        raise Unmet(f"said {_LINES} lines, none like {shown(pattern)}")

    def end(self) -> None:
        """Nothing may be left that was said in the clear: it would be taken for secure (CVE-2011-0411)."""
        if self._rest:
            raise Unmet("said more in the clear before TLS began")

    def _next(self) -> str | None:
        """A line without its end; None once there are none."""
        while b"\n" not in self._rest:
            data = self._wire.receive()
            if not data:
                line, self._rest = self._rest, b""
                return line.decode("utf-8", "replace").rstrip("\r") if line else None
            self._rest += data
            if len(self._rest) > _LINE and b"\n" not in self._rest[:_LINE]:
                raise Unmet(f"said more than {_LINE:,} bytes without an end of line")
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r")
