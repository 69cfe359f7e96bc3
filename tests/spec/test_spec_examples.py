# ruff: noqa: E501 - tables are read by columns
"""The examples: read by the model, passed by the published schema, and every figure where it belongs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import time as clock
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from standfast import spec
from standfast.cli.init import init
from standfast.cli.schema import schema
from standfast.errors import FileError
from standfast.spec.system import System
from standfast.spec.tree import grow
from standfast.spec.values import Sev, Severity

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = sorted(EXAMPLES.glob("*.yaml"))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
YEAR = 365 * DAY


@pytest.fixture(scope="module")
def published() -> jsonschema.Draft202012Validator:
    found = spec.schema()
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_passes_both_the_model_and_the_schema(
    path: Path, published: jsonschema.Draft202012Validator
) -> None:
    text = path.read_text()
    assert spec.read_text(text, path.name).components
    assert list(published.iter_errors(grow(text, path.name, []).data())) == []


SHORTHANDS = """
system: {name: shop}
regions: {a: {role: primary, zones: 2}, b: {role: standby, mode: pilot-light}}
components:
  web: {type: http, replicas: 3, needs: [db, cache], signals: [latency]}
  api: {type: http, needs: {db: hard, cache: soft, web: null}, health: {live: /live, ready: {path: /ready, every: 5s}}}
  db: {type: postgres, size: 1.5TB, metrics: {carts: shop_carts}}
  cache: {type: redis, needs: {}}
journeys: {buy: {path: web, slo: 99%}}
service_levels: {a: {of: web, sli: latency, slo: [p95 < 200ms, p99 < 400ms]}, b: {of: web, sli: errors, slo: < 1%, bad: [5xx, 429]}}
budget_policy: {"< 50%": {do: stop, freezes: true}, owner: ada}
alerts: {a: {of: web, when: error rate > 5%, severity: P1}, b: {of: web, when: {expr: up == 0, for: 5m}, severity: P2}}
severities: {P4: {respond: next business day, notify: email}}
people: {ada: {leave: [2026-12-24..2026-12-31, 2027-01-01, {from: 2027-02-01, until: 2027-02-03}]}}
teams: {crew: {members: ada}}
on_call: {crew: {shift: {order: ada, handover: "09:00", length: 12h}, escalate: {P1: [{to: primary, within: as needed, only: [P1]}]}}}
incidents: {SEV4: {respond: next business day}, post_mortem: {for: SEV1}}
data: {x: {store: db, rpo: {node: 0s, region: 5m}, kinds: card}, y: {store: db, rpo: 5m}}
backups: {db: {full: {at: "02:00", to: here}, verify: {daily: restore, weekly: {what: [restore], by: hand}, 12h: [size]}}}
locations: {here: {path: /x}}
compliance: {regimes: none, audit: {retention: {gdpr: 1y, sox: {active: 1y, archive: 6y}}, events: [auth.*, {type: order.refund, priority: high}]}}
"""


def test_every_shorthand_passes_both_the_model_and_the_schema(
    published: jsonschema.Draft202012Validator,
) -> None:
    system = spec.read_text(SHORTHANDS)
    assert [one.message for one in published.iter_errors(grow(SHORTHANDS, "x", []).data())] == []
    assert system.regions["b"].mode == "warm"
    assert system.components["web"].replicas == {"a": 3}
    assert [need.stated for need in system.components["web"].needs.values()] == [False, False]
    assert system.data["x"].rpo_region == 5 * MINUTE
    assert len(system.people["ada"].leave) == 3
    assert system.compliance.regimes == ()


BROKEN = [
    "system: {name: shop, criticality: huge}",
    "components: {web: {type: http, onwer: x}}",
    "components: {web: {type: http, availability: 99.9}}",
    "alerts: {a: {of: web, when: x, severity: P9}}",
    "data: {x: {store: db, rpo: 5}}",
]


@pytest.mark.parametrize("lines", BROKEN)
def test_what_the_model_refuses_the_schema_refuses(
    lines: str, published: jsonschema.Draft202012Validator
) -> None:
    text = lines if lines.startswith("system") else f"system: {{name: shop}}\n{lines}"
    with pytest.raises(FileError):
        spec.read_text(text)
    assert list(published.iter_errors(grow(text, "x", []).data()))


@pytest.fixture(scope="module")
def seed() -> System:
    return spec.read_text((EXAMPLES / "seed-as-written.yaml").read_text())


# The handbook's tables, figure by figure, and where each comes out.
FIGURES: dict[str, tuple[Callable[[System], object], object]] = {
    "API uptime SLO": (lambda s: s.service_levels["api-availability"].slos[0].target, Fraction(999, 1000)),
    "API uptime SLA": (lambda s: s.service_levels["api-availability"].slas[0].target, Fraction(995, 1000)),
    "latency SLO": (lambda s: s.service_levels["api-latency"].slos[0].text, "p95 < 200ms"),
    "latency SLA": (lambda s: s.service_levels["api-latency"].slas[0].threshold, timedelta(milliseconds=500)),
    "error SLO": (lambda s: s.service_levels["api-errors"].slos[0].target, Fraction(999, 1000)),
    "error SLA": (lambda s: s.service_levels["api-errors"].slas[0].target, Fraction(99, 100)),
    "errors counted": (lambda s: s.service_levels["api-errors"].bad_codes, ("4xx", "5xx")),
    "API budget a month": (lambda s: s.service_levels["api-availability"].slos[0].allowed * 30 * 24 * 60, Fraction(432, 10)),
    "web budget a month": (lambda s: s.service_levels["web-availability"].slos[0].allowed * 30 * 24, Fraction(36, 10)),
    "budget bands": (lambda s: [(one.low, one.high) for one in s.budget_policy.bands], [(Fraction(1, 2), 1), (Fraction(1, 4), Fraction(1, 2)), (0, Fraction(1, 4)), (None, 0)]),
    "freeze": (lambda s: [one.freezes for one in s.budget_policy.bands], [False, False, True, True]),
    "golden signals": (lambda s: s.components["api"].signals, ("latency", "traffic", "errors", "saturation")),
    "traffic": (lambda s: s.components["api"].signal_detail["traffic"], ("requests", "concurrent users")),
    "saturation": (lambda s: s.components["api"].signal_detail["saturation"], ("cpu", "memory", "disk", "connections")),
    "health checks": (lambda s: [(one.path, one.every.seconds, one.timeout.seconds) for one in s.components["api"].health.values()], [("/health/live", 10, 1), ("/health/ready", 5, 5), ("/health/deep", 60, 30)]),
    "response times": (lambda s: [one.respond for one in s.severities.values()], [5 * MINUTE, 30 * MINUTE, 4 * HOUR, None]),
    "notification": (lambda s: [one.notify for one in s.severities.values()], [("page", "call"), ("page",), ("chat",), ("email",)]),
    "alerts": (lambda s: [(one.when.text, one.severity) for one in s.alerts.values()], [
        ("no successful requests for 1m", "P1"), ("error rate > 5% for 5m", "P2"), ("p95 latency > 1s for 10m", "P2"),
        ("query time > 500ms", "P3"), ("disk used > 80%", "P3"), ("certificate expires within 14d", "P3")]),
    "shift": (lambda s: s.on_call["storefront"].shift.length, 7 * DAY),
    "round the clock": (lambda s: s.on_call["storefront"].hours, "24x7"),
    "escalation": (lambda s: [(one.to, one.within) for one in s.on_call["storefront"].escalate[Severity.P1]], [("primary", 15 * MINUTE), ("secondary", 30 * MINUTE), ("dee", None)]),
    "management only for P1": (lambda s: len(s.on_call["storefront"].escalate[Severity.P2]), 2),
    "data": (lambda s: [(one.classification, one.rpo, one.rto, one.backup) for one in s.data.values()], [
        ("critical", 0 * DAY, HOUR, "real-time replication"), ("critical", 5 * MINUTE, HOUR, "continuous"),
        ("important", HOUR, 4 * HOUR, "hourly"), ("normal", DAY, DAY, "daily")]),
    "full backup": (lambda s: (s.backups["db"].copies["full"].at, s.backups["db"].copies["full"].keep), (clock(2), 30 * DAY)),
    "full goes to": (lambda s: s.backups["db"].copies["full"].to, ("s3", "s3-dr")),
    "incremental": (lambda s: (s.backups["db"].copies["incremental"].every, s.backups["db"].copies["incremental"].keep), (6 * HOUR, 7 * DAY)),
    "WAL": (lambda s: (s.backups["db"].copies["wal"].continuous, s.backups["db"].copies["wal"].keep), (True, 7 * DAY)),
    "verification": (lambda s: [(one.every.days, one.what, one.automatic) for one in s.backups["db"].verify], [
        (1, ("finished", "size", "checksum"), True), (7, ("restore",), False), (90, ("dr-drill",), True)]),
    "regions": (lambda s: [(one.name, one.role) for one in s.regions.values()], [("us-east-1", "primary"), ("us-west-2", "standby")]),
    "failover": (lambda s: (s.failovers["us-east-1 -> us-west-2"].wait_before, len(s.failovers["us-east-1 -> us-west-2"].steps)), (5 * MINUTE, 5)),
    "incident clocks": (lambda s: [s.incidents.rules[one].respond for one in Sev], [5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR]),
    "response team": (lambda s: s.incidents.rules[Sev.SEV2].roles, ("commander", "technical", "communications", "scribe")),
    "post-mortem": (lambda s: (s.incidents.post_mortem_for, s.incidents.post_mortem_within), ((Sev.SEV1, Sev.SEV2), 48 * HOUR)),
    "runbooks": (lambda s: set(s.runbooks), {"api-down", "high-cpu", "database-issues", "cert-expiry"}),
    "login captured": (lambda s: next(one.capture for one in s.compliance.events if one.type == "auth.login"), ("user", "ip", "device", "outcome")),
    "export captured": (lambda s: next(one.capture for one in s.compliance.events if one.type == "transactions.export"), ("user", "scope", "format")),
    "settings captured": (lambda s: next(one.capture for one in s.compliance.events if one.type == "admin.settings_changed"), ("setting", "old value", "new value")),
    "grant captured": (lambda s: next(one.capture for one in s.compliance.events if one.type == "admin.permission_granted"), ("by whom", "to whom", "what")),
    "categories": (lambda s: {one.category for one in s.compliance.events}, {"authentication", "data", "administration"}),
    "GDPR": (lambda s: (s.compliance.retention["gdpr"].hot, s.compliance.retention["gdpr"].archive), (2 * YEAR, 5 * YEAR)),
    "HIPAA": (lambda s: s.compliance.retention["hipaa"].total, 7 * YEAR),
    "SOC 2": (lambda s: s.compliance.retention["soc2"].total, 2 * YEAR),
    "PCI-DSS": (lambda s: (s.compliance.retention["pci-dss"].hot, s.compliance.retention["pci-dss"].archive), (YEAR, 2 * YEAR)),
    "degradation": (lambda s: [(one.scenario, one.do, one.users_see) for one in s.degradations], [
        ("database slow", "enable read cache", "stale data"), ("payment API down", "queue for retry", "delayed confirmation"),
        ("search down", "show recent and popular", "limited search"), ("CDN down", "serve from origin", "slower load")]),
    "staleness": (lambda s: s.degradations[0].stale_at_most, 5 * MINUTE),
    "breakers": (lambda s: [(one.breaker.rate, one.breaker.window.seconds, one.breaker.reset.seconds, one.fallback, one.breaker.min_calls) for one in s.components["api"].needs.values() if one.breaker], [
        (Fraction(1, 2), 10, 30, "queue", None), (Fraction(3, 10), 60, 60, "queue", None), (Fraction(1, 2), 5, 10, "cache", None)]),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_of_the_handbook_comes_out(seed: System, name: str) -> None:
    where, expected = FIGURES[name]
    assert where(seed) == expected


def test_the_shop_reads_in_a_blink() -> None:
    text = (EXAMPLES / "shop.yaml").read_text()
    took = []
    for _ in range(5):  # the best of five: the machine does other things too
        began = time.process_time()
        spec.read_text(text)
        took.append(time.process_time() - began)
    assert min(took) < 0.06


def test_a_starting_file_is_valid_whatever_the_folder_is_called() -> None:
    for name in ("shop", "My Shop!", "", "-", "été", "x" * 300, "007"):
        assert spec.read_text(spec.starting_file(name)).name


def test_init_writes_a_file_once(tmp_path: Path) -> None:
    target = tmp_path / "standfast.yaml"
    first = CliRunner().invoke(init, [str(target), "--name", "blog"])
    assert (first.exit_code, "standfast review" in first.output) == (0, True)
    before = target.read_text()
    again = CliRunner().invoke(init, [str(target), "--name", "other"])
    assert again.exit_code == 1
    assert "exists and is left as it is" in again.output
    assert target.read_text() == before


def test_init_explains_what_a_file_leaves_open() -> None:
    path = str(EXAMPLES / "minimal.yaml")
    said = CliRunner().invoke(init, ["--explain", path])
    assert said.exit_code == 0
    assert "A-06 SLO for web assumed 99.5% over 30d" in said.output
    listed = json.loads(CliRunner().invoke(init, ["--explain", "--json", path]).output)
    assert listed["system"] == "blog"
    assert {"id", "path", "assumed", "because", "change"} == set(listed["assumptions"][0])


def test_init_explain_reads_includes_from_disk(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.yaml").write_text("components: {web: {type: http}}\n")
    (tmp_path / "s.yaml").write_text("include: [data/*.yaml]\nsystem: {name: shop}\n")
    said = CliRunner().invoke(init, ["--explain", str(tmp_path / "s.yaml")])
    assert "SLO for web" in said.output


def test_schema_prints_the_schema() -> None:
    found = json.loads(CliRunner().invoke(schema, []).output)
    assert found["$schema"].endswith("2020-12/schema")
    assert "components" in found["properties"]


def test_the_commands_import_no_parser_before_they_run() -> None:
    import subprocess
    import sys

    code = "import sys, standfast.cli.schema, standfast.cli.init; print('pydantic' in sys.modules, 'yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_reference_names_every_key_and_every_signal() -> None:
    from standfast.spec import signals

    pages = EXAMPLES.parent / "docs" / "reference"
    reference = (pages / "reliability-file.md").read_text()
    conditions = (pages / "conditions.md").read_text()
    found = spec.schema()
    shapes = {"FileShape": found, **found["$defs"]}
    keys = {key for shape in shapes.values() for key in shape.get("properties", {})}
    internal = {"expr", "for", "words", "bands", "node", "title", "cause", "check", "fix"}
    assert [key for key in sorted(keys - internal) if key not in reference] == []
    names = [
        *(one.name for one in signals.THRESHOLDS),
        *signals.ABSENCES,
        *signals.EXPIRIES,
        *signals.AGES,
    ]
    assert [name for name in names if f"`{name}`" not in conditions] == []


def test_the_files_in_the_reference_are_valid() -> None:
    page = (EXAMPLES.parent / "docs" / "reference" / "reliability-file.md").read_text()
    blocks = [block.partition("```")[0] for block in page.split("```yaml\n")[1:]]
    assert blocks
    for block in blocks:
        assert spec.read_text(block).components
