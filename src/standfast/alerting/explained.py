"""How soon an alert notices: one sentence for each that counts errors or misses successes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.alerting.conditions import windows_of
from standfast.slo.indicator import BAD
from standfast.slo.judgement import told, words
from standfast.spec.condition import Absence, Threshold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from standfast.spec.condition import Condition

_SUCCESSES = {"successful requests": "requests", "successful probes": "probe"}
_SHARES = {"error rate": "requests", "probe failures": "probe"}
"""Signals of alerts, by the kind of indicator that counts the same."""


def explain(when: Condition) -> str:
    """ "fires after 1m without a successful request: 100% of requests failing after 1m, 10% never, ..."

    Empty where errors do not decide: of heartbeats, certificates, latencies. Burns are explained by
    `slo.judgement.explain`, which knows their windows.
    """
    if isinstance(when, Absence) and when.signal in _SUCCESSES:
        one = when.signal.removesuffix("s")
        return f"fires after {words(when.lasting)} without a {one}: {_soon(when, _SUCCESSES)}"
    if isinstance(when, Threshold) and when.above and when.signal in _SHARES:
        return f"fires when {when.text}: {_soon(when, _SHARES)}"
    return ""


def detection(when: Absence | Threshold, rate: Fraction) -> timedelta | None:
    """How long after errors begin at this rate, with even traffic, it fires; None: never.

    Looks and evaluation come on top, as with burns.
    """
    if isinstance(when, Absence):
        return when.lasting if rate == 1 else None
    if rate <= when.limit:
        return None
    window = next(windows_of(when))
    reached = when.limit / rate * (window // _US)
    return round(reached) * _US + when.lasting


_US = timedelta(microseconds=1)


def _soon(when: Absence | Threshold, kinds: Mapping[str, str]) -> str:
    return told(BAD[kinds[when.signal]], lambda share: detection(when, share))
