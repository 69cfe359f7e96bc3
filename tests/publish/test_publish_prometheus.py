from __future__ import annotations

import json
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from generated_files import laid, run
from hypothesis import given
from hypothesis import strategies as st

from free_ports import free_port
from standfast import spec
from standfast.drivers.files import Files
from standfast.publish.grafana.files import dashboards
from standfast.publish.prometheus import objectives
from standfast.publish.prometheus.alerts import alerts
from standfast.publish.prometheus.conditions import query_of
from standfast.publish.prometheus.promql import le, number, series
from standfast.publish.prometheus.query import Query, Unsaid
from standfast.spec import calling
from standfast.spec import system as s
from standfast.spec.condition import Absence, Age, Burn, Condition, Expiry, Expr, Threshold
from standfast.spec.values import Promise, Severity

EXAMPLES = Path(__file__).parents[2] / "examples"
TESTS = "ops/generated/prometheus/rules_test.yml"
SLOW_TESTS = "ops/generated/prometheus/rules_slow_test.yml"
ALERTMANAGER = "ops/generated/alertmanager/alertmanager.yml"
BLACKBOX = "ops/generated/blackbox/blackbox.yml"


def written(tmp_path: Path, texts: dict[str, str]) -> Path:
    return laid(tmp_path, texts) / "prometheus"


def prove(folder: Path) -> None:
    """By promtool, all files of tests that there are."""
    run(folder, "promtool", "test", "rules", *sorted(one.name for one in folder.glob("*_test.yml")))


@pytest.mark.parametrize("which", ["shop", "bare"])
def test_prometheus_and_alertmanager_accept_what_is_generated(
    which: str, request: pytest.FixtureRequest, tmp_path: Path, texts
) -> None:
    folder = written(tmp_path, texts(request.getfixturevalue(which)))
    run(folder, "promtool", "check", "rules", "rules.yml")
    run(folder, "promtool", "check", "config", "scrape.yml")
    prove(folder)
    run(folder, "amtool", "check-config", str(tmp_path / ALERTMANAGER))


def test_one_burn_alert_on_a_level_with_several_promises_fires_once(
    shop: s.System, tmp_path: Path, texts
) -> None:
    burn = Burn(objective="api-latency", text="burn rate of api-latency")
    mine = calling.AlertRule(name="slow", of="api", when=burn, severity=Severity.P2)
    folder = written(tmp_path, texts(replace(shop, alerts={"slow": mine}, journeys={})))
    prove(folder)


SLICED = """
system: {name: shop, criticality: high}
components:
  api: {type: http, url: https://api.example.com, scrape: "http://api:8000/metrics"}
service_levels:
  minutes: {of: api, sli: availability, slo: 99%, slices: {of: 1m, good: 99.9%}}
  slow: {of: api, sli: latency, slo: p95 < 200ms, window: 7d, slices: {of: 5m, good: 90%}}
  seen: {of: api, sli: probe, slo: 95%, slices: {of: 5m, good: 50%}}
alerts:
  own: {of: api, when: burn rate of seen, severity: P2}
"""


def test_slices_of_time_are_counted_by_prometheus_too(tmp_path: Path, texts) -> None:
    folder = written(tmp_path, texts(spec.read_text(SLICED)))
    run(folder, "promtool", "check", "rules", "rules.yml")
    prove(folder)
    rules = (folder / "rules.yml").read_text(encoding="utf-8")
    assert {"minutes-burn-p2", "slow-burn-p2"} <= set(re.findall(r"alert: (\S+)", rules))


def test_slices_that_hold_too_few_samples_are_left_to_standfast(texts) -> None:
    text = SLICED.replace("type: http,", "type: http, scrape_every: 45s,")
    rules = texts(spec.read_text(text))["ops/generated/prometheus/rules.yml"]
    assert "minutes-burn" not in rules
    assert "alert: own" in rules


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_is_published_for_its_tools_to_accept(
    example: Path, tmp_path: Path, texts
) -> None:
    folder = written(tmp_path, texts(spec.read(str(example), Files())))
    run(folder, "promtool", "check", "rules", "rules.yml")
    run(folder, "promtool", "check", "config", "scrape.yml")
    prove(folder)
    run(folder, "amtool", "check-config", str(tmp_path / ALERTMANAGER))


def test_the_unit_tests_are_able_to_fail(shop: s.System, tmp_path: Path, texts) -> None:
    one = {"api-down": shop.alerts["api-down"]}
    folder = written(tmp_path, texts(replace(shop, alerts=one, service_levels={}, journeys={})))
    rules = (folder / "rules.yml").read_text(encoding="utf-8")
    (folder / "rules.yml").write_text(rules.replace("code_class=~", "code_klass=~"))
    command = ["promtool", "test", "rules", "rules_test.yml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "api-down" in done.stdout + done.stderr


def test_an_alert_that_does_not_end_fails_its_unit_test(
    shop: s.System, tmp_path: Path, texts
) -> None:
    one = {"disk-full": shop.alerts["disk-full"]}
    folder = written(tmp_path, texts(replace(shop, alerts=one, service_levels={}, journeys={})))
    file = folder / "rules.yml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    (rule,) = (
        rule
        for group in content["groups"]
        for rule in group["rules"]
        if rule.get("alert") == "disk-full"
    )
    # Once it has fired it goes on for ever.
    rule["expr"] += ' or max(ALERTS{alertname="disk-full",alertstate="firing"})'
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    run(folder, "promtool", "check", "rules", "rules.yml")
    command = ["promtool", "test", "rules", "rules_test.yml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "disk-full" in done.stdout + done.stderr


def test_every_alert_is_tested_to_fire_to_resolve_and_to_stay_quiet(shop, texts) -> None:
    written = texts(shop)
    cases = [one for path in (TESTS, SLOW_TESTS) for one in yaml.safe_load(written[path])["tests"]]
    names = {name for case in cases for name in case["name"].split(", ")}
    groups = yaml.safe_load(written["ops/generated/prometheus/rules.yml"])["groups"]
    published = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    assert {one.name for one in alerts(shop)} < published  # those of the watch come on top
    for name in published:
        assert {f"{name} fires and resolves", f"{name} stays quiet"} <= names


# ------------------------------------------------------------------ every form of condition

FORMS: list[tuple[str, Condition]] = [
    ("api", Absence(signal="successful requests", lasting=timedelta(minutes=1), text="a")),
    ("api", Absence(signal="requests", lasting=timedelta(minutes=5), text="a", guarded=False)),
    ("api", Absence(signal="metrics", lasting=timedelta(minutes=2), text="a")),
    ("cache", Absence(signal="successful requests", lasting=timedelta(minutes=1), text="a")),
    ("api", Absence(signal="successful probes", lasting=timedelta(minutes=1), text="a")),
    ("db", Age(what="backup", limit=timedelta(hours=26), text="a")),
    ("api", Age(what="queue", limit=timedelta(minutes=10), text="a")),
    ("web", Expiry(what="certificate", within=timedelta(days=14), text="a")),
    *(
        (
            of,
            Threshold(
                signal=signal,
                above=above,
                limit=Fraction(limit),
                unit=unit,
                lasting=timedelta(minutes=2),
                text="a",
                floor=floor,
            ),
        )
        for of, signal, above, limit, unit, floor in [
            ("api", "error rate", True, "0.05", "%", 0),
            ("api", "error rate", True, "0.05", "%", 20),
            ("api", "p99.9 latency", True, "0.5", "s", 0),
            ("api", "requests per second", False, "2", "", 0),
            ("api", "concurrent users", True, "500", "", 0),
            ("api", "probe failures", True, "0.5", "%", 0),
            ("db", "connections", True, "90", "", 0),
            ("db", "connections used", True, "0.9", "%", 0),
            ("db", "replication lag", True, "30", "s", 0),
            ("db", "disk used", True, "0.8", "%", 0),
            ("db", "disk full in", False, "86400", "s", 0),
            ("api", "cpu used", True, "0.9", "%", 0),
            ("api", "memory used", True, "0.9", "%", 0),
        ]
    ),
]


def test_every_form_of_condition_fires_when_it_must_and_only_then(
    shop: s.System, tmp_path: Path, texts
) -> None:
    rules = {
        f"form-{number}": calling.AlertRule(
            name=f"form-{number}", of=of, when=when, severity=Severity.P3
        )
        for number, (of, when) in enumerate(FORMS)
    }
    system = replace(shop, alerts=rules, service_levels={}, journeys={})
    assert not [one for one in alerts(system) if isinstance(one.query, Unsaid)]
    folder = written(tmp_path, texts(system))
    prove(folder)


def test_what_no_metric_tells_is_said_and_no_query_is_made_up(shop: s.System) -> None:
    for of, when in [
        ("payments", Absence(signal="successful requests", lasting=timedelta(minutes=1), text="a")),
        ("web", Expiry(what="domain", within=timedelta(days=14), text="a")),
        ("cache", Age(what="drill", limit=timedelta(days=90), text="a")),
        ("api", Expr(promql="  ", lasting=timedelta(0), text="a")),
    ]:
        found = query_of(when, shop.components[of], shop)
        assert isinstance(found, Unsaid)
        assert found.reason
    with pytest.raises(ValueError, match="empty"):
        Query(expr=" ", lasting=timedelta(0))


@pytest.mark.parametrize(
    "when",
    [
        Absence(signal="metrics", lasting=timedelta(minutes=1), text="a"),
        Age(what="queue", limit=timedelta(minutes=10), text="a"),
        *(
            Threshold(
                signal=signal,
                above=True,
                limit=Fraction(1),
                unit="",
                lasting=timedelta(0),
                text="a",
            )
            for signal in ("query time", "disk used", "disk full in", "error rate", "mine")
        ),
    ],
    ids=lambda when: getattr(when, "signal", "queue age"),
)
def test_what_nobody_scrapes_gets_no_rule_that_would_stay_silent_or_fire_forever(
    when: Condition, shop: s.System
) -> None:
    metrics = {"mine": "my_gauge", "queue": "my_queue_seconds"}
    unwatched = replace(shop.components["db"], scrape=None, exporter=None, metrics=metrics)
    found = query_of(when, unwatched, shop)
    assert isinstance(found, Unsaid)
    assert "is not scraped" in found.reason
    assert found.rule == "MON-01"


def test_a_burn_alert_of_the_file_takes_the_place_of_the_default_ones(shop: s.System) -> None:
    mine = calling.AlertRule(
        name="budget",
        of="api",
        when=Burn(objective="api-availability", text="burn rate of api-availability"),
        severity=Severity.P1,
    )
    found = alerts(replace(shop, alerts={"budget": mine}))
    burning = [one.name for one in found if one.objective == "api-availability"]
    assert burning == ["budget"]
    assert isinstance(found[0].query, Query)
    assert "guarded1h" in found[0].query.expr
    assert "rate3d" not in found[0].query.expr


def test_windows_and_factors_follow_the_period(shop: s.System) -> None:
    level = replace(shop.service_levels["api-availability"], window=timedelta(days=28))
    system = replace(shop, service_levels={level.name: level}, journeys={}, alerts={})
    exprs = " ".join(one.query.expr for one in alerts(system) if isinstance(one.query, Query))
    assert ">= 0.01344 and" in exprs  # 13.44 x 0.1%
    assert ">= 0.0056 and" in exprs


def test_an_alert_that_can_never_fire_is_left_out(shop: s.System) -> None:
    low = Promise(text="90%", target=Fraction(9, 10))
    level = replace(shop.service_levels["api-availability"], slos=(low,))
    system = replace(shop, service_levels={level.name: level}, journeys={}, alerts={})
    severities = {one.severity for one in alerts(system)}
    assert Severity.P1 not in severities  # 14.4 x 10% is more than everything
    assert Severity.P2 in severities


def test_an_objective_finer_than_the_scrapes_is_left_to_standfast_with_a_reason(shop) -> None:
    level = replace(shop.service_levels["api-availability"], window=timedelta(hours=1))
    system = replace(shop, service_levels={level.name: level}, journeys={})
    ((_, found),) = objectives.measured(system)
    assert isinstance(found, Unsaid)
    assert "own evaluator" in found.reason


# ------------------------------------------------------------------ probes from outside


@pytest.mark.parametrize("which", ["shop", "bare"])
def test_the_blackbox_exporter_accepts_its_configuration(
    which: str, request: pytest.FixtureRequest, tmp_path: Path, texts
) -> None:
    folder = laid(tmp_path, texts(request.getfixturevalue(which)))
    file = folder / "blackbox" / "blackbox.yml"
    run(folder, "prometheus-blackbox-exporter", f"--config.file={file}", "--config.check")


def test_every_address_is_probed_by_a_module_that_exists(shop: s.System, texts) -> None:
    found = texts(shop)
    modules = yaml.safe_load(found[BLACKBOX])["modules"]
    jobs = yaml.safe_load(found["ops/generated/prometheus/scrape.yml"])["scrape_configs"]
    probing = [one for one in jobs if one["job_name"].startswith("blackbox/")]
    targets = {
        static["labels"]["component"]: (*static["targets"], job["params"]["module"][0])
        for job in probing
        for static in job["static_configs"]
    }
    assert targets == {
        "web": ("https://shop.example.org", "https"),
        "api": ("https://api.shop.example.org", "https"),
        "db": ("db:5432", "tcp"),
        "cache": ("cache:6379", "tcp"),
    }
    assert {module for _, module in targets.values()} == set(modules)


def test_a_real_exporter_probes_by_the_generated_modules(
    bare: s.System, metrics: str, tmp_path: Path, texts
) -> None:
    web = replace(bare.components["web"], url=f"{metrics}/")
    folder = laid(tmp_path, texts(replace(bare, components={**bare.components, "web": web})))
    port = free_port()
    process = subprocess.Popen(
        [
            "prometheus-blackbox-exporter",
            f"--config.file={folder / 'blackbox' / 'blackbox.yml'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        target = urllib.parse.quote(f"{metrics}/")
        text = answer_of(f"http://127.0.0.1:{port}/probe?module=http&target={target}")
    finally:
        process.terminate()
        process.wait(timeout=60)
    assert "\nprobe_success 1" in text


# ------------------------------------------------------------------ no alert has two pagers


def test_alertmanager_routes_each_alert_to_one_receiver(
    shop: s.System, tmp_path: Path, texts
) -> None:
    file = laid(tmp_path, texts(shop)) / "alertmanager" / "alertmanager.yml"
    route = ("amtool", "config", "routes", "test", f"--config.file={file}")
    for labels, receiver in {
        ("alertname=api-down", "severity=P1", "component=api"): "standfast",
        ("alertname=disk-full", "severity=P3", "component=db"): "standfast",
        ("alertname=standfast-down", "severity=P1", "fallback=true"): "fallback",
        ("alertname=standfast-fallback", "severity=P1", "fallback=true"): "fallback",
    }.items():
        assert run(tmp_path, *route, *labels).strip() == receiver


class Receiver(BaseHTTPRequestHandler):
    """Writes down which alerts arrived at which path."""

    seen: list[tuple[str, str]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for alert in body["alerts"]:
            self.seen.append((self.path, alert["labels"]["alertname"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_a_real_alertmanager_tells_one_pager_of_each_alert(
    shop: s.System, tmp_path: Path, texts
) -> None:
    Receiver.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    hook = calling.Channel(name="page", kind="webhook", wakes=True, url=f"{base}/direct")
    settings = replace(shop.server, public_url=base)
    found = texts(replace(shop, channels={"page": hook}, server=settings))
    token = tmp_path / "token"
    token.write_text("secret", encoding="utf-8")
    folder = laid(tmp_path, found) / "alertmanager"
    file = folder / "alertmanager.yml"
    text = file.read_text(encoding="utf-8").replace("/etc/alertmanager/standfast-token", str(token))
    file.write_text(text.replace("group_wait: 10s", "group_wait: 1s"), encoding="utf-8")
    port = free_port()
    process = subprocess.Popen(
        [
            "prometheus-alertmanager",
            f"--config.file={file}",
            f"--storage.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        answer_of(f"http://127.0.0.1:{port}/-/ready")
        alerts_ = [
            {"labels": {"alertname": "api-down", "severity": "P1", "component": "api"}},
            {
                "labels": {
                    "alertname": "standfast-fallback",
                    "fallback": "true",
                    "original": "api-down",
                }
            },
        ]
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v2/alerts",
            data=json.dumps(alerts_).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
        until = time.monotonic() + 90
        while len(Receiver.seen) < 2 and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait(timeout=60)
        server.shutdown()
        thread.join()
        server.server_close()
    assert sorted(set(Receiver.seen)) == [
        ("/api/v1/alerts/alertmanager", "api-down"),
        ("/direct", "standfast-fallback"),
    ]


# ------------------------------------------------------------------ small parts


@given(st.fractions(min_value=Fraction(1, 10_000), max_value=1000, max_denominator=10_000))
def test_a_bucket_is_found_however_its_bound_was_written(bound: Fraction) -> None:
    short = number(bound)
    longer = short if "." in short else f"{short}.0"
    for text in (short, longer, f"{longer}0"):
        assert re.fullmatch(le(bound), text)
    assert not re.fullmatch(le(bound), f"{longer}1")
    assert not re.fullmatch(le(bound), f"1{short}")


def test_label_values_are_quoted() -> None:
    assert series("m", {"code": "5xx|4.9"}, job='a"b\\c') == r'm{job="a\"b\\c",code=~"5xx|4.9"}'


# ------------------------------------------------------------------ a real Prometheus

KIT = """\
container_cpu_usage_seconds_total {fine}
container_memory_working_set_bytes 100
container_spec_memory_limit_bytes 200
http_server_requests_total{{route="/",code_class="2xx"}} {fine}
http_server_requests_total{{route="/",code_class="3xx"}} 0
http_server_requests_total{{route="/",code_class="4xx"}} 0
http_server_requests_total{{route="/",code_class="499"}} 0
http_server_requests_total{{route="/",code_class="5xx"}} {bad}
http_server_request_duration_seconds_bucket{{route="/",status_class="2xx",le="0.2"}} {fine}
http_server_request_duration_seconds_bucket{{route="/",status_class="2xx",le="0.4"}} {fine}
http_server_request_duration_seconds_bucket{{route="/",status_class="2xx",le="1.0"}} {fine}
http_server_request_duration_seconds_bucket{{route="/",status_class="2xx",le="+Inf"}} {all}
http_server_request_duration_seconds_count{{route="/",status_class="2xx"}} {all}
http_server_request_duration_seconds_sum{{route="/",status_class="2xx"}} {all}
http_server_active_requests 3
standfast_health_check{{check="db",required="true",status="healthy"}} 1
standfast_breaker_state{{breaker="payments",state="open"}} 0
standfast_breaker_state{{breaker="payments",state="closed"}} 1
standfast_degraded_total{{dependency="payments",mode="queued"}} {bad}
standfast_queue_oldest_seconds{{queue="payments"}} 2
http_server_degraded_requests_total{{route="/"}} {bad}
process_cpu_seconds_total {bad}
process_resident_memory_bytes 1000000
process_open_fds 9
process_start_time_seconds 1700000000
"""
STANDFAST = """\
standfast_up 1
standfast_ticks_total{role="deliver"} 100
standfast_tick_failures_total{role="deliver"} 0
standfast_probe_success{component="db",kind="tcp"} 1
standfast_probe_success{component="cache",kind="tcp"} 1
standfast_probe_success{component="web",kind="http"} 1
standfast_probe_success{component="api",kind="http"} 1
standfast_certificate_expiry_seconds{component="web"} 8000000
standfast_backup_age_seconds{store="db"} 3600
"""
DATABASE = """\
container_cpu_usage_seconds_total 5
container_memory_working_set_bytes 100
container_spec_memory_limit_bytes 200
pg_stat_activity_max_tx_duration 0.01
pg_stat_activity_count 20
pg_settings_max_connections 100
pg_replication_lag_seconds 0.1
pg_stat_database_xact_commit 1000
pg_stat_database_xact_rollback 1
node_filesystem_avail_bytes{fstype="ext4",mountpoint="/"} 600
node_filesystem_size_bytes{fstype="ext4",mountpoint="/"} 1000
"""
PROBED = """\
probe_success 1
probe_duration_seconds 0.2
probe_http_duration_seconds{phase="connect"} 0.1
"""


class Metrics(BaseHTTPRequestHandler):
    scrapes = 0

    def do_GET(self) -> None:
        Metrics.scrapes += 1
        fine, bad = Metrics.scrapes * 90, Metrics.scrapes * 10
        text = {"/standfast/metrics": STANDFAST, "/db": DATABASE, "/probe": PROBED}.get(
            self.path.partition("?")[0], KIT.format(fine=fine, bad=bad, all=fine + bad)
        )
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def metrics() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def prometheus(shop: s.System, metrics: str, tmp_path: Path, texts) -> Iterator[str]:
    """A real one on generated configuration, only its rhythm quickened."""
    one = timedelta(seconds=1)
    parts = {
        name: replace(
            part,
            scrape=f"{metrics}/{name}" if part.scrape else None,
            exporter=f"{metrics}/{name}" if part.exporter else None,
            scrape_every=one,
        )
        for name, part in shop.components.items()
    }
    server = replace(shop.server, public_url=f"{metrics}/standfast")
    folder = written(tmp_path, texts(replace(shop, components=parts, server=server)))
    config = yaml.safe_load((folder / "scrape.yml").read_text(encoding="utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    del config["alerting"]
    for job in config["scrape_configs"]:
        if job["job_name"].startswith("blackbox/"):  # the exporter's part is played by `Metrics`
            job |= {"scrape_interval": "1s", "scrape_timeout": "1s"}
            job["relabel_configs"][-1]["replacement"] = urllib.parse.urlsplit(metrics).netloc
    (folder / "scrape.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    rules = (folder / "rules.yml").read_text(encoding="utf-8")
    (folder / "rules.yml").write_text(rules.replace("interval: 30s", "interval: 1s"))
    port = free_port()
    log = (tmp_path / "prometheus.log").open("wb")
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={folder / 'scrape.yml'}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=log,
        stderr=log,
    )
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=60)
    log.close()


def answer_of(url: str) -> str:
    """As soon as somebody listens."""
    until = time.monotonic() + 90
    while True:
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return answer.read().decode()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def ask(url: str, query: str) -> list[dict]:
    with urllib.request.urlopen(f"{url}/api/v1/query?query={urllib.parse.quote(query)}") as answer:
        return json.load(answer)["data"]["result"]


def wait_for(url: str, query: str) -> list[dict]:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            if found := ask(url, query):
                return found
        except OSError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"no answer to {query}")


# A database that is probed and never fails has too few events to be judged by: no answer is the good one.
TOO_FEW = re.compile(r'guarded\w+\{objective="db-reachable"')


def test_a_real_prometheus_finds_data_behind_every_rule(
    shop: s.System, prometheus: str, texts
) -> None:
    able = [one for _, one in objectives.measured(shop) if isinstance(one, objectives.Measured)]
    assert len(able) == 7  # four levels with five promises, two journeys
    for one in objectives.recordings(able):
        record = series(one.record, **one.labels)
        if TOO_FEW.search(record):
            record = record.replace("error_ratio:guarded", "objective_events:count")
        found = wait_for(prometheus, record)
        assert found[0]["value"][1] != "NaN", one.record
    for alert in alerts(shop):
        assert isinstance(alert.query, Query)
        # An expression compares; without its comparison it must still find something to compare.
        for side in (one for one in _inputs(alert.query.expr) if not TOO_FEW.search(one)):
            assert wait_for(prometheus, side), f"{alert.name}: {side}"
    (ratio,) = wait_for(prometheus, 'standfast:error_ratio:rate5m{objective="api-availability"}')
    assert float(ratio["value"][1]) == pytest.approx(0.1, abs=0.02)
    (journey,) = wait_for(prometheus, 'standfast:error_ratio:rate5m{objective="browse"}')
    assert float(journey["value"][1]) == pytest.approx(1 - 0.9 * 0.9, abs=0.04)
    assert wait_for(prometheus, 'ALERTS{alertname="api-availability-burn-p1",alertstate="firing"}')
    assert ask(prometheus, 'ALERTS{alertname="cert-expiry"}') == []
    assert ask(prometheus, 'ALERTS{alertname="standfast-down"}') == []
    assert ask(prometheus, 'ALERTS{alertname="standfast-indicator-incomplete"}') == []


def test_a_real_prometheus_finds_data_behind_every_panel(edition, prometheus: str) -> None:
    asked = {
        target.expr
        for dashboard in dashboards(edition)
        for row in dashboard.rows
        for panel in row.panels
        for target in panel.targets
    }
    assert len(asked) > 60
    # Empty is the good answer of these: nothing fires, nothing is down, nothing is spent.
    hopeful = {one for one in asked if re.search(r"ALERTS|up == 0|db-reachable.* > 0\)", one)}
    hopeful = {one for one in hopeful if "vector" not in one}
    for expr in sorted(asked - hopeful):
        assert wait_for(prometheus, expr), expr
    for expr in hopeful:
        ask(prometheus, expr)


def _inputs(expr: str) -> list[str]:
    """What stands on the left of each comparison with a number, selectors and guards left whole."""
    named = re.findall(r"standfast:[\w:]+\{[^}]*\}", expr)
    if named:
        return named
    if guarded := re.search(r"\(+(sum\(.*?\)\)) or vector\(0\)\) == 0", expr):
        return [guarded[1]]
    return [re.sub(r"\s*(==|>=|<=|>|<) [\d.]+$", "", expr.strip())]
