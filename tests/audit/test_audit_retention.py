from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from standfast.audit.catalogue import CATALOGUE, kind_of, not_captured
from standfast.audit.event import Actor, Event, FieldChange, Target
from standfast.audit.retention import erase_after, keep_until, terms
from standfast.drivers.signing_key import load_keys, make_keys
from standfast.errors import StandfastError
from standfast.spec.system import Compliance, Retention

YEAR = timedelta(days=365)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def rules(*regimes: str, retention=None, hold=()) -> Compliance:
    return Compliance(regimes=regimes, retention=retention or {}, events=(), patterns=(), readers=(), mask=(),
                      legal_hold=hold)  # fmt: skip


def test_the_longest_minimum_keeps_and_the_shortest_limit_erases() -> None:
    both = terms(rules("pci-dss", "gdpr", retention={"gdpr": Retention(hot=YEAR)}))

    assert (both.keep, both.erase_personal) == (3 * YEAR, YEAR)
    assert keep_until(NOW, both) == NOW + 3 * YEAR
    assert erase_after(NOW, both) == NOW + YEAR
    assert not both.conflicts


def test_what_the_file_does_not_state_is_the_policy_of_each_regime() -> None:
    assert terms(rules("hipaa")).keep == 7 * YEAR
    assert terms(rules("soc2")).searchable == 2 * YEAR
    assert terms(rules()).keep == YEAR
    assert terms(rules("soc2", retention={"": Retention(hot=3 * YEAR)})).keep == 3 * YEAR


def test_a_regime_that_needs_the_person_longer_than_another_allows_is_a_conflict() -> None:
    found = terms(rules("hipaa", "gdpr", retention={"gdpr": Retention(hot=2 * YEAR)})).conflicts

    assert len(found) == 1
    assert "hipaa" in found[0]
    assert "legal basis" in found[0]


def test_a_legal_hold_stops_everything() -> None:
    held = terms(rules("gdpr", hold=("case 7",)))

    assert held.held
    assert keep_until(NOW, held) is None
    assert erase_after(NOW, held) is None


def test_every_kind_of_event_says_what_of_it_is_not_captured() -> None:
    sign_in = Event(
        type="user.login", category="authentication", actor=Actor(type="user", id="sam")
    )
    changed = Event(type="settings.changed", category="administration",
                    target=Target(type="setting", id="mail"), changes=(FieldChange(field="host"),))  # fmt: skip

    kind = kind_of("user.login")
    assert kind
    assert not_captured(sign_in, kind) == ("ip", "device")
    settings = kind_of("settings.changed")
    assert settings
    assert not_captured(changed, settings) == ()
    assert kind_of("something.else") is None
    assert len({kind.type for kind in CATALOGUE}) == len(CATALOGUE) == 14


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path) -> None:
    path = tmp_path / "keys" / "audit.json"
    made = make_keys(path, "standfast.test/log")

    assert path.stat().st_mode & 0o777 == 0o600
    assert make_keys(path, "another") == load_keys(path) == made
    assert [entry.name for entry in path.parent.iterdir()] == ["audit.json"]
    path.chmod(0o644)
    with pytest.raises(StandfastError, match="chmod 600"):
        load_keys(path)


def test_a_file_that_holds_no_keys_is_told_so(tmp_path) -> None:
    path = tmp_path / "audit.json"
    with pytest.raises(StandfastError, match="cannot read"):
        load_keys(path)
    path.write_text('{"name": "x", "seed": "eA==", "secret": "eA=="}')
    path.chmod(0o600)
    with pytest.raises(StandfastError, match="not a file of audit keys"):
        load_keys(path)
