"""Reading, reviewing and publishing a file of 1,000 components, beside PyYAML's C loader on the same text.

Each size runs in a process of its own, so that its peak memory is its own too.
Run: uv run python -m bench.review_publish
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from datetime import date, datetime
from time import perf_counter

ROUNDS = {10: 5, 100: 3, 1000: 1}  # by components
SIZES = tuple(ROUNDS)
AS_OF = datetime.fromisoformat("2026-11-24T12:00:00+00:00")


def generated(count: int) -> str:
    """A system in which every tenth component is a database, and the others need their neighbours."""
    lines = ["system: {name: generated, criticality: high}", "components:"]
    lines += [_database(n) if n % 10 == 9 else _service(n, count) for n in range(count)]
    lines.append("journeys:")
    lines += [f"  walk-{n}: {{path: [c{n}]}}" for n in range(0, count, 50)]
    lines.append("service_levels:")
    lines += [
        f"  c{n}-answers: {{of: c{n}, sli: availability, slo: 99.5%}}" for n in range(0, count, 5)
    ]
    lines += ["people:", "  ada: {name: Ada Ito, email: ada@shop.test}"]
    lines += ["teams:", "  web: {members: [ada], lead: ada}"]
    lines += ["on_call:", "  web: {covers: [web], shift: {order: [ada]}}"]
    return "\n".join(lines) + "\n"


def _database(n: int) -> str:
    return f"  c{n}: {{type: postgresql, owner: web, address: 'c{n}.shop.test:5432', replicas: 2}}"


def _service(n: int, count: int) -> str:
    needs = f"c{n // 10 * 10 + 9}: hard" if n // 10 * 10 + 9 < count else ""
    return (
        f"  c{n}: {{type: http, owner: web, url: 'https://c{n}.shop.test', replicas: 2,"
        f" scrape: 'http://c{n}.shop.test:8000/metrics', needs: {{{needs}}},"
        f" baseline: {{rps: 20, p95: 120ms, errors: 0.1%}}}}"
    )


def _slope(last: float, first: float) -> str:
    return f"{last:.1f} x the time of {SIZES[-2]}; {first:.1f} x from {SIZES[0]} to {SIZES[-2]}"


def rows() -> list[tuple[str, str, str]]:
    """(what, figure, beside what)"""
    found = {size: _measured(size) for size in SIZES}
    small, large = found[SIZES[-2]], found[SIZES[-1]]
    made = [
        (
            f"{deed} {SIZES[-1]:,} components",
            f"{large[deed]:.2f} s",
            (
                f"{large[deed] / small[deed]:.1f} x the time of {SIZES[-2]}; "
                f"{small[deed] / found[SIZES[0]][deed]:.1f} x from {SIZES[0]} to {SIZES[-2]}"
            ),
        )
        for deed in ("read", "review", "publish")
    ]
    peak = large["peak"] - large["idle"]
    return [
        *made,
        (
            "reading beside PyYAML's C loader",
            f"{large['read'] / large['yaml']:.1f} x",
            f"{large['yaml']:.2f} s for the same {large['bytes'] / 1000:.0f} kB, without meaning or places",
        ),
        (
            "peak memory of read, review, publish",
            f"{large['peak'] / 1e6:.0f} MB",
            f"{peak / 1e6:.0f} MB over the imports; {peak / large['bytes']:.0f} x the file",
        ),
    ]


def _measured(size: int) -> dict[str, float]:
    """The best of some rounds, each in a fresh process."""
    command = [sys.executable, "-m", "bench.review_publish", str(size)]
    rounds = [
        json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
        for _ in range(ROUNDS[size])
    ]
    return {name: min(one[name] for one in rounds) for name in rounds[0]}


def _once(size: int) -> dict[str, float]:
    import yaml

    from standfast import spec
    from standfast.publish import render
    from standfast.review import Measured, examine

    def publish(system, review):
        return render(system, review, date(2026, 11, 24), version="0", notes={})

    first = spec.read_text(generated(3))  # imports and compiled patterns are not what is measured
    publish(first, examine(first, Measured(), AS_OF))
    text, took = generated(size), {}
    idle = _peak()
    begun = perf_counter()
    system = spec.read_text(text)
    took["read"] = perf_counter() - begun
    begun = perf_counter()
    review = examine(system, Measured(), AS_OF)
    took["review"] = perf_counter() - begun
    begun = perf_counter()
    outputs = publish(system, review)
    took["publish"] = perf_counter() - begun
    assert outputs
    peak = _peak()
    begun = perf_counter()
    assert len(yaml.load(text, yaml.CSafeLoader)["components"]) == size
    took["yaml"] = perf_counter() - begun
    return {**took, "idle": idle, "peak": peak, "bytes": len(text)}


def _peak() -> int:
    """Bytes: the most that this process has ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(_once(int(sys.argv[1]))))
    else:
        for what, figure, beside in rows():
            print(f"{what:42} {figure:>10}  {beside}")
