"""What does DNS answer for a name?"""

from __future__ import annotations

from datetime import timedelta

import dns.exception
import dns.resolver

from standfast.monitoring.target import Outcome
from standfast.spec.expectation import endpoint
from standfast_kit.clock import Monotonic, monotonic

_MOST = 100  # answers of one name


class DnsProbe:
    """`address` is as `dig` takes it: "MX shop.test @192.0.2.53"; without a server the machine's own."""

    def __init__(self, clock: Monotonic = monotonic) -> None:
        self._clock = clock

    def __call__(self, address: str, timeout: timedelta) -> Outcome:
        kind, name, *rest = address.split()
        began = self._clock()
        try:
            resolver = _resolver(rest[0].removeprefix("@") if rest else "")
            found = resolver.resolve(name, kind, lifetime=timeout.total_seconds(), search=False)
            answers = tuple(one.to_text() for one in list(found)[:_MOST])
        except dns.resolver.NXDOMAIN:
            return Outcome(ok=False, because=f"DNS knows no {name}")
        except dns.resolver.NoAnswer:
            return Outcome(ok=False, because=f"DNS has no {kind} of {name}")
        except dns.resolver.LifetimeTimeout:
            return Outcome(ok=False, because=f"no DNS answer within {timeout.total_seconds():g}s")
        except dns.resolver.NoResolverConfiguration:
            said = "this machine names no DNS server; give one as `server`"
            return Outcome(ok=False, known=False, because=said)
        except dns.resolver.NoNameservers as error:
            return Outcome(ok=False, because=f"no DNS server could answer: {_codes(error)}")
        except (dns.exception.DNSException, OSError, ValueError) as error:
            return Outcome(ok=False, because=f"no DNS answer: {str(error)[:200]}")
        took = timedelta(seconds=self._clock() - began)
        return Outcome(ok=True, latency=took, answers=answers)


def _resolver(server: str) -> dns.resolver.Resolver:
    if not server:
        return dns.resolver.Resolver()
    host, port = endpoint(server)
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [host]
    resolver.port = port
    return resolver


def _codes(error: dns.resolver.NoNameservers) -> str:
    """What each server said: "SERVFAIL"."""
    said = [str(one[3]) for one in error.kwargs.get("errors", ()) if len(one) > 3]
    return ", ".join(dict.fromkeys(said))[:200] or "all refused"
