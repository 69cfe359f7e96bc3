"""What service levels cost: looking up windows, judging objectives, scraping, keeping, showing.

Windows are asked of 50 indicators with 90 days of minutes, and the ratios of 30 days of a real Prometheus too,
filled with the same counts. Objectives are judged in a process of their own for each size, so that its peak
memory is its own. A scrape is measured whole: the fetch over loopback from an exporter in another process, the
reading, and the keeping with its commit.
Run: uv run python -m bench.service_levels
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from sqlalchemy import text

from postgres_server import free_port, postgres_server
from real_prometheus import RealPrometheus
from standfast import spec
from standfast.slo.objective import objectives
from standfast.store.columns import EPOCH, metadata
from standfast.store.counts import coarsen
from standfast.store.database import Database

NOW = datetime.fromisoformat("2026-11-25T12:00:00+00:00")
INDICATORS, DAYS, MINUTES = 50, 90, 90 * 1440
US, DAY = timedelta(microseconds=1), timedelta(days=1)
WINDOWS = tuple(
    timedelta(minutes=each) for each in (5, 30, 60, 120, 360, 1440, 3 * 1440, 30 * 1440)
)
SIZES = (100, 1_000, 10_000)  # objectives
TARGETS, EVERY, SERVICES = 2_000, 15, 500

Row = tuple[str, str, str]


def say(what: str) -> None:
    print(f"  {what} ...", flush=True)


@contextmanager
def opened(url: str):
    database = Database(url, append=lambda tx, events: None)
    metadata.create_all(database.engine.execution_options(writes=True))
    yield database
    database.close()


# ------------------------------------------------------------------ counts

# Minute by minute an indicator counts 60 events, of which one in so many minutes is bad.
_FILL = """
    INSERT INTO sli_counts (indicator, at, sum_bad, sum_total, sum_covered)
    SELECT i.id, :start + m.value * 60000000, m.value / (20 + i.id), m.value * 60, m.value * 60000000
    FROM sli_indicators i CROSS JOIN {minutes}
    ORDER BY i.id, m.value
"""
_SQLITE = (
    "(WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < :last)"
    " SELECT value FROM n) m"
)
_POSTGRESQL = "generate_series(0, CAST(:last AS bigint)) AS m(value)"


def filled(database: Database, indicators: int, minutes: int) -> None:
    start = (NOW - EPOCH) // US - minutes * 60_000_000
    on_sqlite = database.url.get_backend_name() == "sqlite"
    fill = text(_FILL.format(minutes=_SQLITE if on_sqlite else _POSTGRESQL))

    def work(tx) -> None:
        run = tx._connection.execute
        run(
            text("INSERT INTO sli_indicators VALUES (:i, :key, :at, :at, :at)"),
            [{"i": n + 1, "key": f"c{n}/requests", "at": start} for n in range(indicators)],
        )
        run(fill, {"start": start, "last": minutes})

    database.keep(work)


def looked_up(database: Database, windows: tuple[timedelta, ...]) -> tuple[float, dict]:
    """Seconds, the best of five, and the tallies."""
    wanted = {f"c{n}/requests": [(NOW - one, NOW) for one in windows] for n in range(INDICATORS)}
    best, found = float("inf"), {}
    for _ in range(5):
        begun = perf_counter()
        found = database.read(lambda tx: tx.levels.tallies_of(wanted))
        best = min(best, perf_counter() - begun)
    return best, found


def windows(folder: Path) -> list[Row]:
    say(f"{INDICATORS} indicators with {DAYS} days of minutes")
    with opened(f"sqlite:///{folder / 'counts.db'}") as database:
        filled(database, INDICATORS, MINUTES)
        every, _ = looked_up(database, WINDOWS)
        month, found = looked_up(database, (30 * DAY,))
    say("the same 30 days in Prometheus")
    theirs, ratios = prometheus(folder)
    ours = [float(found[f"c{n}/requests"][0].bad_share) for n in range(INDICATORS)]
    apart = max(abs(a - b) / a for a, b in zip(ours, ratios, strict=True))
    return [
        (
            f"{INDICATORS} SLIs x {len(WINDOWS)} windows over {DAYS} days",
            f"{every * 1000:.1f} ms",
            f"goal 50 ms; {INDICATORS * MINUTES:,} counts on SQLite",
        ),
        (
            f"30 d ratios of {INDICATORS} SLIs",
            f"{month * 1000:.1f} ms",
            (
                f"{month / theirs:.4f} x Prometheus ({theirs * 1000:,.0f} ms, one query);"
                f" at most {apart:.4%} apart"
            ),
        ),
    ]


def prometheus(folder: Path) -> tuple[float, list[float]]:
    """Seconds of one query for the ratios of 30 days, and the ratios, of the real Prometheus."""
    (folder / "prometheus").mkdir()
    real = RealPrometheus(folder / "prometheus")
    first = MINUTES - 30 * 1440
    start = NOW.timestamp() - 30 * 86_400

    def lines():
        for name, step in (("bad", None), ("all", 60)):
            yield f"# TYPE {name} counter\n"
            for n in range(INDICATORS):
                for minute in range(30 * 1440 + 1):
                    value = (first + minute) * 60 if step else (first + minute) // (21 + n)
                    yield f'{name}_total{{sli="{n}"}} {value} {start + minute * 60:.0f}\n'

    real.fill(lines())
    query = "increase(bad_total[30d]) / increase(all_total[30d])"
    with real.running() as asked:
        best, found = float("inf"), []
        for _ in range(3):
            begun = perf_counter()
            found = asked._ask("query", query=query, time=str(NOW.timestamp()))
            best = min(best, perf_counter() - begun)
    return best, [
        float(one["value"][1]) for one in sorted(found, key=lambda one: int(one["metric"]["sli"]))
    ]


def storage(folder: Path) -> list[Row]:
    """What an indicator takes in its first year (100 days of minutes, then quarter-hours) and in each after.

    The coarser tier is made as the server makes it, in the database that held the minutes.
    """
    say("a year of counts on SQLite")
    with opened(f"sqlite:///{folder / 'year.db'}") as database:
        on_sqlite = year(database, _LIVE_PAGES)
    say("a year of counts on PostgreSQL")
    with postgres_server() as server, opened(server.url()) as database:
        on_postgresql = year(database, "SELECT pg_total_relation_size('sli_counts')")
    return [
        (
            f"storage of an SLI, {name}",
            f"{first / 1e6:.1f} MB",
            f"in its first year, {after / 1e6:.1f} MB in each after",
        )
        for name, (first, after) in (("SQLite", on_sqlite), ("PostgreSQL", on_postgresql))
    ]


_LIVE_PAGES = """
    SELECT (p.page_count - f.freelist_count) * s.page_size
    FROM pragma_page_count() p, pragma_freelist_count() f, pragma_page_size() s
"""
_OF_YEAR = 3  # indicators


def year(database: Database, size: str) -> tuple[float, float]:
    """Bytes of an indicator: a year with its newest 100 days by the minute, and one by the quarter-hour."""
    filled(database, _OF_YEAR, 365 * 1440)

    def coarse(before: datetime) -> float:
        while database.keep(lambda tx: coarsen(tx._connection, "minutes", before, _MOST)) >= _MOST:
            pass
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as run:
            if database.url.get_backend_name() == "postgresql":
                run.execute(
                    text("VACUUM FULL sli_counts")
                )  # what went is used again, not given back
            return run.execute(text(size)).scalar() / _OF_YEAR

    return coarse(NOW - 100 * DAY), coarse(NOW)


_MOST = 100_000  # rows in one transaction


# ------------------------------------------------------------------ judging


def file_of(services: int, address: str = "http://127.0.0.1:9", slis: tuple[str, ...] = ()) -> str:
    lines = ["system: {name: generated, criticality: high}", "components:"]
    lines += [
        f"  c{n}: {{type: http, owner: web, scrape: '{address}/c{n}', scrape_every: {EVERY}s}}"
        for n in range(services)
    ]
    if slis:
        slos = {"availability": "99.9%", "latency": "'p95 < 200ms'"}
        lines.append("service_levels:")
        lines += [
            f"  c{n}-{sli}: {{of: c{n}, sli: {sli}, slo: {slos[sli]}}}"
            for n in range(services)
            for sli in slis
        ]
    lines += ["people:", "  ada: {name: Ada Ito, email: ada@shop.test}"]
    lines += ["teams:", "  web: {members: [ada], lead: ada}"]
    lines += ["on_call:", "  web: {covers: [web], shift: {order: [ada]}}"]
    return "\n".join(lines) + "\n"


def sparse(database: Database, system) -> None:
    """Two hours of minutes and a month of single counts for each indicator; one in a hundred burns."""
    keys = sorted({one.key for each in objectives(system) for one in each.indicators})
    start, end = ((at - EPOCH) // US for at in (NOW - 31 * DAY, NOW))
    ats = [start + n * 12 * 3_600_000_000 for n in range(60)]
    ats += [end - (120 - n) * 60_000_000 for n in range(120)]

    def work(tx) -> None:
        raw = tx._connection.connection.driver_connection
        raw.executemany(
            "INSERT INTO sli_indicators VALUES (?, ?, ?, ?, ?)",
            ((n + 1, key, start, start, start) for n, key in enumerate(keys)),
        )
        raw.executemany(
            "INSERT INTO sli_counts VALUES (?, ?, ?, ?, ?)",
            (
                (n + 1, at, place // (10 if n % 100 == 0 else 1000), place * 100, at - start)
                for n in range(len(keys))
                for place, at in enumerate(ats)
            ),
        )

    database.keep(work)


def judging() -> list[Row]:
    found = {}
    for size in SIZES:
        say(f"judging {size:,} objectives")
        command = [sys.executable, "-m", "bench.service_levels", str(size)]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        found[size] = json.loads(done.stdout)
    most, least = found[SIZES[-1]], found[SIZES[0]]
    each = "; ".join(f"{size:,}: {one['took']:.3f} s" for size, one in found.items())
    memory = "; ".join(f"{size:,}: {one['peak'] / 1e6:.0f} MB" for size, one in found.items())
    grown = (most["peak"] - least["peak"]) / (SIZES[-1] - SIZES[0])
    return [
        (
            f"judge {SIZES[-1]:,} SLOs once",
            f"{most['took']:.1f} s",
            f"goal 10 s; {each}; x {most['took'] / found[SIZES[1]]['took']:.1f} from 1,000 to 10,000",
        ),
        (
            f"peak memory of it, {SIZES[-1]:,} SLOs",
            f"{most['peak'] / 1e6:.0f} MB",
            f"{memory}; {grown / 1000:.0f} kB an SLO",
        ),
    ]


def _judged(size: int) -> dict[str, float]:
    """Processor seconds of the second tick, with everything written; the first reads the file's meaning."""
    from standfast.engine.evaluate import Evaluate

    system = spec.read_text(file_of(size // 2, slis=("availability", "latency")))
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(f"sqlite:///{folder}/judged.db") as database,
    ):
        sparse(database, system)
        evaluate = Evaluate(database)
        evaluate.tick(system, NOW)
        begun = process_time()
        evaluate.tick(system, NOW + timedelta(minutes=1))
        took = process_time() - begun
    return {"took": took, "peak": _peak()}


def _peak() -> int:
    """Bytes: the most that this program has held; `getrusage` would count the process that began it, too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * next(
        int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")
    )


# ------------------------------------------------------------------ scraping


def scraping(folder: Path) -> list[Row]:
    say(f"scraping {TARGETS:,} targets of 100 series")
    command = [sys.executable, "-m", "bench.exporter"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as exporter:
        try:
            assert exporter.stdout is not None
            address = f"http://127.0.0.1:{exporter.stdout.readline().strip()}"
            took, scrapes, whole = _scraped(folder, address)
        finally:
            exporter.kill()
    a_second = TARGETS / EVERY
    return [
        (
            f"{TARGETS:,} targets every {EVERY} s",
            f"{took / scrapes * a_second:.2f} cores",
            (
                f"goal 1; {took / scrapes * 1000:.2f} ms of processor a scrape of 100 series,"
                f" fetched, read and kept; {scrapes:,} scrapes in {whole:.1f} s"
            ),
        )
    ]


def _scraped(folder: Path, address: str) -> tuple[float, int, float]:
    """Processor seconds, scrapes, seconds: of a round in which each target is looked at for the second time."""
    from standfast.drivers.scrape import Scrape
    from standfast.engine.observe import Observe

    system = spec.read_text(file_of(TARGETS, address, ("availability",)))
    clock = [NOW]
    with opened(f"sqlite:///{folder / 'scraped.db'}") as database:
        observe = Observe(
            database, {"scrape": Scrape()}, lambda: clock[0], patience=timedelta(seconds=20)
        )
        # Each target is new, and looked at at once; from then on its turn is where its name puts it.
        while observe.tick(system, clock[0]):
            pass
        scrapes, begun, started = 0, process_time(), perf_counter()
        for _ in range(EVERY):
            clock[0] += timedelta(seconds=1)
            scrapes += observe.tick(system, clock[0])
        took, whole = process_time() - begun, perf_counter() - started
        wrong = [
            one.because
            for one in database.read(lambda tx: tx.monitoring.target_states()).values()
            if not one.ok
        ]
        observe.close()
    assert not wrong, wrong[:3]
    assert scrapes >= TARGETS * 0.9, scrapes
    return took, scrapes, whole


# ------------------------------------------------------------------ showing


def showing(folder: Path) -> list[Row]:
    """The page over real HTTP; the bench's own client is counted with it."""
    import httpx2
    import uvicorn

    from standfast.app.platform import Platform
    from standfast.app.settings import Settings
    from standfast.audit.event import SYSTEM
    from standfast.web.server import create

    say(f"the overview of {SERVICES} services")
    file = folder / "standfast.yaml"
    file.write_text(file_of(SERVICES, slis=("availability",)))
    database = f"sqlite:///{folder / 'shown.db'}"
    platform = Platform(
        Settings(file=str(file), database=database, data=folder / "data"), lambda: NOW
    )
    platform.accept.propose(str(file))  # and no ticking: the page alone is measured
    sparse(platform.keeping.database, platform.accept.current())
    platform.evaluate.tick(platform.accept.current(), NOW)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create(platform), port=port, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.02)
    token = platform.sign_in.make_token("bench", ("read",), SYSTEM)
    took = []
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {token}"}
    ) as client:
        for _ in range(8):
            begun = perf_counter()
            page = client.get("/")
            took.append(perf_counter() - begun)
            assert page.status_code == 200, page.text
            assert f"c{SERVICES - 1}" in page.text
    platform.ending()
    server.should_exit = True
    thread.join(10)
    platform.end()
    return [
        (
            f"overview page, {SERVICES} services",
            f"{median(took[1:]) * 1000:.0f} ms",
            f"goal 300 ms; median of {len(took) - 1} over HTTP, {len(page.content) / 1000:.0f} kB",
        )
    ]


def rows() -> list[Row]:
    """(what, figure, beside what)"""
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base)
        counts = (*windows(folder), *storage(folder))
        return [*counts, *judging(), *scraping(folder), *showing(folder)]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(_judged(int(sys.argv[1]))))
    else:
        for what, figure, beside in rows():
            print(f"{what:42} {figure:>10}  {beside}")
