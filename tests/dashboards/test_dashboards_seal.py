"""How the audit log stands: a log that was quiet is no log that is not signed."""

from __future__ import annotations

from datetime import UTC, datetime

from standfast.dashboards.audit import Seal, seal

LONG_AGO = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def told(*, size: int = 110, signed: int = 109, overdue: int = 0) -> Seal:
    return seal(size, signed, LONG_AGO, overdue)


def test_a_record_that_came_after_a_quiet_night_waits_for_its_signature_without_alarm() -> None:
    assert told().mark.word == "sealed"
    assert told().words == "1 of 110 records wait for the next checkpoint"


def test_a_record_that_waits_longer_than_it_may_is_told() -> None:
    found = told(overdue=1)
    assert (found.mark.tone, found.words) == ("warn", "1 record not signed since 03:00:00 UTC")


def test_a_log_that_was_never_signed_is_not_sealed() -> None:
    assert seal(3, 0, None, 3).mark.word == "unsealed"
