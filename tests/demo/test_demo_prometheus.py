"""What is published for the demo's shop, in a real Prometheus that scrapes the running shop.

Prometheus runs on the published files as they are: not a byte is changed between `standfast publish` and it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from free_ports import free_port
from standfast.demo.processes import wait_until
from standfast.demo.scene import Scene, set_up
from standfast.demo.server import NAME as STANDFAST
from standfast.demo.story import startup
from standfast.demo.telling import Telling
from standfast.errors import StandfastError

_PATIENCE = (
    120.0  # seconds; objectives are recorded every thirty, standfast is scraped every fifteen
)
_SELECTOR = re.compile(r"(?:[a-zA-Z_:][\w:]*)?\{[^}]*\}|\bstandfast_up\b")
_SHORT = re.compile(r" window: \d+m, min_coverage: 1%,?")
_FALLBACK = 'ALERTS{alertname="standfast-fallback",alertstate="firing"}'
# What has no series in a shop that is well, and why that is right.
_SILENT_WHILE_WELL = {
    'ALERTS{alertstate="firing",fallback!="true",severity=~"P1|P2"}': (
        "Prometheus' own series, which exists while something fires"
    ),
}

pytestmark = [pytest.mark.demo, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """The whole shop with standfast, and customers in it; the folder as `standfast demo` makes its own."""
    folder = Path(tempfile.mkdtemp(prefix="sf-prom-", dir="/tmp"))
    folder.chmod(0o755)
    scene = set_up(folder, port=0, sabotage="", telling=Telling(silent=True))
    try:
        startup.STEP.run(scene)
        scene.shop.open_doors(scene.processes)
        wait_until("the first backup is made", lambda: _backed_up(scene), within=60)
        yield scene
    finally:
        scene.close()
        shutil.rmtree(folder)


def _backed_up(scene: Scene) -> bool:
    text = httpx2.get(f"{scene.standfast.address}/metrics", trust_env=False).text
    return 'standfast_backup_age_seconds{store="db"}' in text


class Prometheus:
    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self._address = folder, address

    def ask(self, query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get("/api/v1/query", query=query)["result"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        return [rule for group in self._get("/api/v1/rules")["groups"] for rule in group["rules"]]

    def ready(self) -> bool:
        return httpx2.get(f"{self._address}/-/ready", trust_env=False).is_success

    def _get(self, path: str, **parameters: str) -> dict[str, Any]:
        try:
            answer = httpx2.get(f"{self._address}{path}", params=parameters, trust_env=False)
        except httpx2.HTTPError as error:
            raise StandfastError(f"Prometheus does not answer: {error}") from error
        told: dict[str, Any] = answer.json()
        assert told["status"] == "success", told
        data: dict[str, Any] = told["data"]
        return data


@contextmanager
def prometheus_on(scene: Scene, file: Path) -> Iterator[Prometheus]:
    """Debian's own with its blackbox exporter, on what `standfast publish` writes for `file`, beside it."""
    folder = file.parent
    out = folder / "published"
    scene.standfast.run("publish", str(file), "--out", str(out))
    config, port, probes = out / "ops/generated/prometheus", free_port(), free_port()
    scrape = config / "scrape.yml"
    # The exporter's usual port may be taken here; all else is as it was published.
    scrape.write_text(scrape.read_text().replace("127.0.0.1:9115", f"127.0.0.1:{probes}"))
    with (folder / "prometheus.log").open("wb") as log:
        exporter = subprocess.Popen(
            ["prometheus-blackbox-exporter", f"--web.listen-address=127.0.0.1:{probes}",
             f"--config.file={out / 'ops/generated/blackbox/blackbox.yml'}"],
            stdout=log, stderr=log,
        )  # fmt: skip
        process = subprocess.Popen(
            ["prometheus", f"--config.file={scrape}",
             f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log, stderr=log,
        )  # fmt: skip
    found = Prometheus(config, f"http://127.0.0.1:{port}")
    try:
        wait_until("Prometheus is ready", _quietly(found.ready), within=60)
        yield found
    finally:
        for one in (process, exporter):
            one.terminate()
            one.wait(60)


def _quietly(asks: Callable[[], bool]) -> Callable[[], bool]:
    def holds() -> bool:
        with suppress(httpx2.HTTPError):
            return asks()
        return False

    return holds


def test_every_rule_finds_data_in_the_running_shop(scene: Scene, tmp_path: Path) -> None:
    """For the file of the demo, and for the same over thirty days: its windows of minutes are left to
    standfast, being too short for Prometheus."""
    text = scene.standfast.file.read_text(encoding="utf-8")
    usual = _file(tmp_path / "usual", _SHORT.sub("", text))
    short = _file(tmp_path / "short", text)
    with prometheus_on(scene, short) as one, prometheus_on(scene, usual) as other:
        assert len(_published(other)) > len(_published(one)) + 20
        for prometheus in (one, other):
            _assert_alive(prometheus)


def _assert_alive(prometheus: Prometheus) -> None:
    published = _published(prometheus)
    assert len([rule for rule in published if "record" in rule]) > 20
    assert len([rule for rule in published if "alert" in rule]) > 15

    _until_nothing_is("without an evaluation", lambda: _unevaluated(prometheus, len(published)))
    _until_nothing_is("recorded as nothing", lambda: _unrecorded(prometheus))
    _until_nothing_is("unknown to Prometheus", lambda: _unknown_series(prometheus))

    rules = prometheus.rules()
    assert {(rule["health"], rule.get("lastError", "")) for rule in rules} == {("ok", "")}
    assert prometheus.ask("up == 0") == []
    assert prometheus.ask("probe_success == 0") == []
    assert prometheus.ask('ALERTS{alertstate="firing",severity=~"P1|P2"}') == []


def test_only_while_standfast_is_down_a_grave_alert_goes_the_other_way(
    scene: Scene, tmp_path: Path
) -> None:
    file = _file(tmp_path / "short", scene.standfast.file.read_text(encoding="utf-8"))
    with prometheus_on(scene, file) as prometheus, _everything_well_again(scene):
        ratio = 'standfast:error_ratio:rate5m{objective="browse"}'
        _until_found(prometheus, f"{ratio} and on() standfast_up == 1")
        scene.shop.turn("api", "failing")
        _until_found(prometheus, 'ALERTS{alertstate="firing",severity="P1",component="web"}')
        assert prometheus.ask(_FALLBACK) == []

        scene.processes.stop(STANDFAST)
        (one, *_) = _until_found(prometheus, _FALLBACK)
        assert one["metric"]["severity"] == "P1"
        assert one["metric"]["original"] in {rule["name"] for rule in prometheus.rules()}


@contextmanager
def _everything_well_again(scene: Scene) -> Iterator[None]:
    try:
        yield
    finally:
        scene.shop.turn("api", "well")
        scene.standfast.start(scene.processes)
        scene.standfast.wait(scene.processes)


def _file(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "shop.yaml").write_text(text, encoding="utf-8")
    return folder / "shop.yaml"


def _published(prometheus: Prometheus) -> list[dict[str, Any]]:
    content = yaml.safe_load((prometheus.folder / "rules.yml").read_text(encoding="utf-8"))
    return [rule for group in content["groups"] for rule in group["rules"]]


def _unevaluated(prometheus: Prometheus, expected: int) -> list[str]:
    rules = prometheus.rules()
    assert len(rules) == expected
    return [rule["name"] for rule in rules if rule["health"] == "unknown"]


def _unrecorded(prometheus: Prometheus) -> list[str]:
    """Recording rules whose series are not there, or are no numbers."""
    missing = []
    for rule in prometheus.rules():
        if rule["type"] != "recording":
            continue
        labels = ",".join(f'{name}="{value}"' for name, value in rule["labels"].items())
        selector = f"{rule['name']}{{{labels}}}"
        found = prometheus.ask(selector)
        if not found or any(one["value"][1] == "NaN" for one in found):
            missing.append(selector)
    return missing


def _unknown_series(prometheus: Prometheus) -> list[str]:
    """Selectors of any rule that match no series: a rule on them could never fire, or never stop."""
    asked = {
        selector
        for rule in prometheus.rules()
        for selector in _SELECTOR.findall(rule["query"])
        if selector not in _SILENT_WHILE_WELL
    }
    assert len(asked) > 20
    return sorted(selector for selector in asked if not prometheus.ask(selector))


def _until_found(prometheus: Prometheus, query: str) -> list[dict[str, Any]]:
    wait_until(query, lambda: prometheus.ask(query), within=_PATIENCE, every=1)
    return prometheus.ask(query)


def _until_nothing_is(what: str, left: Callable[[], list[str]]) -> None:
    last: list[str] = []

    def nothing() -> bool:
        last[:] = left()
        return not last

    try:
        wait_until(what, nothing, within=_PATIENCE, every=1)
    except StandfastError as error:
        raise AssertionError(f"{what}: {', '.join(last)}") from error
