"""The examples: the tables of a usual handbook contradict each other, the corrected ones do not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner, Result

from standfast import spec
from standfast.cli.review import review
from standfast.errors import FileError
from standfast.review import Measured, examine

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(name: str, *options: str) -> Result:
    return CliRunner().invoke(review, [f"examples/{name}.yaml", "--as-of", "2026-11-24", *options])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("seed-as-written", 1),
        ("shop", 0),
        ("minimal", 3),
        ("ten-lines", 3),
        ("hospital", 0),
        ("saas", 3),
        ("webshop-cards", 1),
    ],
)
def test_an_example_reads_as_it_did(name: str, code: int) -> None:
    """Renew: uv run standfast review examples/NAME.yaml --as-of 2026-11-24 > tests/review/golden/NAME.txt"""
    result = run(name)
    assert result.output == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert result.exit_code == code


def test_the_json_of_the_uncorrected_tables_reads_as_it_did() -> None:
    """Renew as above, with --json, to tests/review/golden/seed-as-written.json"""
    golden = (GOLDEN / "seed-as-written.json").read_text(encoding="utf-8")
    assert json.loads(run("seed-as-written", "--json").output) == json.loads(golden)


CONTRADICTIONS = {
    "web at 99.5% under a journey at 99.9%": ("AVL-01", "journeys.checkout.slo", "99.5%"),
    "280 minutes down, 43 allowed": (
        "AVL-02",
        "journeys.browse.slo",
        "280 min down per 30 d, 43.2",
    ),
    "the contract above the ceiling": ("AVL-04", "journeys.checkout.sla", "promises 99.5%"),
    "latency alert looser than the SLA": ("ALR-06", "alerts.high-latency", "p99 < 500ms"),
    "5 min promised, the primary has 15": (
        "ONC-02",
        "on_call.storefront.escalate.P1",
        "has 15 min",
    ),
    "RPO 0 over an asynchronous replica": ("RPO-02", "data.user-accounts.rpo", "asynchronous"),
    "SLA on p99, SLO on p95": ("SLO-05", "service_levels.api-latency.sla", "different percentiles"),
    "5% errors drain the budget unseen": ("ALR-05", "alerts.high-error-rate", "14.4 h"),
    "no successes on a quiet night": ("ALR-08", "alerts.api-down", "nobody asks"),
    "point-in-time for 7 days only": ("BKP-06", "backups.db.wal.keep", "7 d only"),
    "WAL in the primary region only": ("BKP-08", "backups.db", "wal"),
    "continuous without archive_timeout": ("RPO-05", "backups.db.wal", "no archive_timeout"),
    "client mistakes burn the budget": ("SLO-04", "service_levels.api-errors", "4xx"),
    "P2 and SEV2 disagree": ("ONC-06", "incidents.SEV2.respond", "30 min, SEV2 15 min"),
    "P3 and SEV3 disagree": ("ONC-06", "incidents.SEV3.respond", "4 h, SEV3 1 h"),
    "readiness times out at its interval": (
        "HLT-04",
        "components.api.health.ready",
        "5 s, every 5 s",
    ),
    "a breaker without minimum": ("DEG-01", "components.api.needs.payments.breaker", "two calls"),
    "card data in an immutable log": ("AUD-03", "data.transactions.sensitive", "card-token"),
    "personal data in an immutable log": ("AUD-03", "data.user-accounts.sensitive", "email"),
    "seven years of personal traces": ("CMP-02", "compliance.audit.retention.gdpr", "7 y"),
    "restores by hand": ("BKP-04", "backups.db.verify", "hand"),
    "a database alert above the promise": ("ALR-13", "alerts.database-slow", "p95 < 200ms"),
}


@pytest.mark.parametrize("contradiction", CONTRADICTIONS)
def test_the_uncorrected_tables_contradict_each_other(contradiction: str) -> None:
    rule, at, says = CONTRADICTIONS[contradiction]
    findings = json.loads(run("seed-as-written", "--json").output)["findings"]
    (finding,) = (one for one in findings if one["id"] == f"{rule}@{at}")
    assert says in finding["problem"]


def test_certain_contradictions_block_and_the_others_ask() -> None:
    findings = json.loads(run("seed-as-written", "--json").output)["findings"]
    blocking = {one["rule"] for one in findings if one["verdict"] == "BLOCK"}
    assert blocking == {"AVL-01", "ALR-06", "ONC-02", "RPO-02", "AUD-03"}


def test_the_corrected_shop_has_warnings_at_most() -> None:
    value = json.loads(run("shop", "--json").output)
    assert (value["verdict"], value["counts"]["clarify"]) == ("ACCEPT", 0)
    assert all(check["passed"] for check in value["checks"])


def _thinned(shop: dict[str, object]) -> Iterator[tuple[str, dict[str, object]]]:
    """The shop without each of its sections, entries and keys in turn."""
    for section, entries in shop.items():
        yield section, {key: value for key, value in shop.items() if key != section}
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            left = {key: value for key, value in entries.items() if key != name}
            yield f"{section}.{name}", {**shop, section: left}
            for key in entry if isinstance(entry, dict) else ():
                fewer = {one: value for one, value in entry.items() if one != key}
                yield f"{section}.{name}.{key}", {**shop, section: {**entries, name: fewer}}


def test_whatever_a_file_leaves_out_is_reviewed_without_falling_over() -> None:
    shop = yaml.safe_load(Path("examples/shop.yaml").read_text(encoding="utf-8"))
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    reviewed = 0
    for left_out, file in _thinned(shop):
        try:
            system = spec.read_text(json.dumps(file, default=str))
        except FileError:
            continue  # something else refers to what was left out
        found = examine(system, Measured(), now)
        assert len({finding.id for finding in found.findings}) == len(found.findings), left_out
        reviewed += 1
    assert reviewed > 150
