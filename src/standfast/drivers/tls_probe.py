"""When does a server's certificate end?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from standfast.drivers.resolver import Resolver, spoken
from standfast.drivers.tls import fault
from standfast.drivers.wire import wired
from standfast.errors import SourceError
from standfast.monitoring.target import Outcome, Target
from standfast.spec.asking import Secure
from standfast_kit.clock import Clock, Monotonic, monotonic, utc_now

_UNTRUSTING = Secure(verify=False)  # nothing is sent; only the expiry is read


class TlsProbe:
    """Reads the certificate even of a server that nobody should trust: an expired one says most."""

    def __init__(
        self,
        clock: Clock = utc_now,
        stopwatch: Monotonic = monotonic,
        resolver: Resolver | None = None,
    ) -> None:
        self._clock, self._stopwatch = clock, stopwatch
        self._resolver = resolver or Resolver()

    def of(self, target: Target) -> Outcome:
        """As the file has it asked, but for the trust."""
        how = target.how if isinstance(target.how, Secure) else _UNTRUSTING
        return self._read(target.address, target.timeout, replace(how, ca="", verify=False))

    def __call__(self, address: str, timeout: timedelta) -> Outcome:
        return self._read(address, timeout, _UNTRUSTING)

    def _read(self, address: str, timeout: timedelta, how: Secure) -> Outcome:
        began = self._stopwatch()
        try:
            with wired(self._resolver, address, timeout, self._stopwatch) as wire:
                wire.begin_tls(how)
                expires = wire.expires
        except SourceError as error:
            return Outcome(ok=False, known=False, because=error.problem)
        except (OSError, ValueError) as error:
            said = fault(error) or spoken(error)
            return Outcome(ok=False, because=f"no certificate to read: {said}")
        if expires is None:
            return Outcome(ok=False, because="no certificate to read")
        over = expires <= self._clock()
        return Outcome(
            ok=not over,
            because=f"the certificate ended at {expires:%Y-%m-%d %H:%M} UTC" if over else "",
            latency=timedelta(seconds=self._stopwatch() - began),
            expires=expires,
        )
