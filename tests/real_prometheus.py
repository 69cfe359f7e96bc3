"""A real Prometheus and a real VictoriaMetrics on loopback, filled with samples of any time, and asked with an
explicit time."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

from free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta
    from pathlib import Path

MOST_POINTS = 10_000  # of one range query; Prometheus refuses more than 11,000
Series = list[tuple[float, float]]


class RealPrometheus:
    """Blocks go in while it is down; it reads them when it starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tsdb = folder / "tsdb"
        self.tsdb.mkdir()
        (folder / "prometheus.yml").write_text("global: {}\n")
        self._blocks = 0

    def fill(self, lines: Iterable[str]) -> None:
        """Lines of OpenMetrics, each family's together and in the order of time."""
        self._blocks += 1
        text, out = self.folder / f"in{self._blocks}.txt", self.folder / f"blocks{self._blocks}"
        with text.open("w") as file:
            file.writelines(lines)
            file.write("# EOF\n")
        # A hidden option; without it a month takes minutes.
        command = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=768h", "-q"]
        done = subprocess.run(
            [*command, "openmetrics", text, out], check=False, capture_output=True
        )
        assert done.returncode == 0, done.stderr.decode()
        for block in out.iterdir():
            shutil.move(block, self.tsdb / block.name)

    @contextmanager
    def running(self) -> Iterator[Asked]:
        port = free_port()
        with (self.folder / "prometheus.log").open("ab") as log:
            process = subprocess.Popen(
                ["prometheus", f"--config.file={self.folder / 'prometheus.yml'}",
                 f"--storage.tsdb.path={self.tsdb}", "--storage.tsdb.retention.time=20y",
                 "--storage.tsdb.allow-overlapping-blocks",
                 "--query.max-samples=500000000",
                 f"--web.listen-address=127.0.0.1:{port}"],
                stdout=log, stderr=log,
            )  # fmt: skip
        try:
            asked = Asked(f"http://127.0.0.1:{port}")
            asked.until_ready()
            yield asked
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def victoria_metrics(folder: Path) -> Iterator[Asked]:
    """Empty; it takes samples of any time while it runs."""
    port = free_port()
    with (folder / "victoria-metrics.log").open("ab") as log:
        process = subprocess.Popen(
            ["victoria-metrics", f"-storageDataPath={folder / 'victoria'}",
             f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y",
             "-search.disableCache", "-memory.allowedBytes=200MB"],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        asked = Asked(f"http://127.0.0.1:{port}", ready="/health")
        asked.until_ready()
        yield asked
    finally:
        process.terminate()
        process.wait(60)


class Asked:
    def __init__(self, url: str, ready: str = "/-/ready") -> None:
        self.url, self._ready = url, ready

    def until_ready(self) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}{self._ready}", timeout=20):
                    return
            except OSError:
                assert time.monotonic() < until, "it does not get ready"
                time.sleep(0.05)

    def take(self, lines: Iterable[str]) -> None:
        """Lines of OpenMetrics, by the import of VictoriaMetrics; it shows them once they are asked for."""
        moved = []
        for line in lines:
            if not line.startswith("#"):
                series, value, at = line.rsplit(" ", 2)
                moved.append(f"{series} {value} {round(float(at) * 1000)}\n")
        body = "".join(moved).encode()
        with urllib.request.urlopen(f"{self.url}/api/v1/import/prometheus", body, timeout=60):
            pass
        self.flush()

    def flush(self) -> None:
        """What VictoriaMetrics has taken is shown from now on."""
        with urllib.request.urlopen(f"{self.url}/internal/force_flush", timeout=60):
            pass

    def instant(self, query: str, at: datetime) -> float | None:
        found = self._ask("query", query=query, time=str(at.timestamp()))
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def over(self, query: str, start: datetime, end: datetime, step: timedelta) -> Series:
        """Every value at every step, in pieces that Prometheus takes."""
        points: Series = []
        while start <= end:
            last = min(end, start + step * MOST_POINTS)
            found = self._ask(
                "query_range",
                query=query,
                start=str(start.timestamp()),
                end=str(last.timestamp()),
                step=str(step.total_seconds()),
            )
            points += [(at, float(value)) for one in found for at, value in one["values"]]
            start = last + step
        return points

    def _ask(self, what: str, **parameters: str) -> list[dict]:
        body = urllib.parse.urlencode(parameters).encode()
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{what}", body, timeout=60) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters['query']}: {error.read().decode()}") from error
        assert told["status"] == "success", told
        found: list[dict] = told["data"]["result"]
        return found
