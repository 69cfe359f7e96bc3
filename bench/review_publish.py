"""Reading, reviewing and publishing files of 10 to 5,000 components, and reading one of 22,000 lines beside
PyYAML's C loader, which builds plain objects without places from the same text.

Each size runs in a process of its own, so that its peak memory is its own too. Times are of the processor:
what else the machine does is not counted.
Run: uv run python -m bench.review_publish
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from time import process_time

ROUNDS = {10: 5, 100: 3, 1000: 1, 5000: 1}  # by components
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


def spread(count: int) -> str:
    """The same kind of system as people lay it out by hand: one value a line, some 20 lines a component."""
    lines = ["system:", "  name: generated", "  criticality: high", "components:"]
    for n in range(count):
        lines += [
            f"  c{n}:",
            "    type: http",
            "    owner: web",
            f"    url: https://c{n}.shop.test",
        ]
        lines += [
            f"    scrape: http://c{n}.shop.test:8000/metrics",
            "    replicas: 2",
            "    health:",
        ]
        lines += ["      live: /health/live", "      ready: /health/ready", "      deep:"]
        lines += [
            "        path: /health/deep",
            "        every: 60s",
            "    baseline:",
            "      rps: 20",
        ]
        lines += ["      p95: 120ms", "      errors: 0.1%", "      measured: 2026-10-14"]
        lines += ["    needs:", f"      c{(n + 1) % count}:", "        strength: soft"]
    lines += ["people:", "  ada:", "    name: Ada Ito", "teams:", "  web:", "    members: [ada]"]
    return "\n".join(lines) + "\n"


def _times(deed: str, found: dict[int, dict[str, float]]) -> str:
    """What each size takes, and how it grows: ten times the components, how many times the time?"""
    each = "; ".join(f"{size:,}: {one[deed]:.3f} s" for size, one in found.items())
    ten = found[1000][deed] / found[100][deed]
    five = found[5000][deed] / found[1000][deed]
    return f"{each}; x {ten:.1f} from 100 to 1,000, x {five:.1f} from there to 5,000"


def rows() -> list[tuple[str, str, str]]:
    """(what, figure, beside what)"""
    found = {size: _measured(size) for size in SIZES}
    thousand, most, lines = found[1000], found[SIZES[-1]], _spread()
    made = [
        (f"{deed} 1,000 components", f"{thousand[deed]:.2f} s", _times(deed, found))
        for deed in ("read", "review", "publish")
    ]
    return [
        *made,
        (
            "peak memory, 1,000 components",
            f"{thousand['peak'] / 1e6:.0f} MB",
            f"goal 500 MB; {most['peak'] / 1e6:.0f} MB for {SIZES[-1]:,}",
        ),
        (
            f"a tree with places of {lines['lines']:,.0f} lines",
            f"{lines['tree'] / lines['yaml']:.2f} x",
            f"PyYAML's C loader without places, {lines['yaml']:.2f} s; goal 1.5 x",
        ),
        (
            "the same, validated and with its meaning",
            f"{lines['read'] / lines['yaml']:.2f} x",
            "every default filled in, every reference checked; PyYAML does neither",
        ),
    ]


def _spread() -> dict[str, float]:
    """Reading a long file: the best of five."""
    import yaml

    from standfast import spec
    from standfast.spec.tree import grow

    text = spread(1100)
    spec.read_text(spread(3))
    deeds = {
        "yaml": lambda: yaml.load(text, yaml.CSafeLoader),
        "tree": lambda: grow(text, "standfast.yaml", []),
        "read": lambda: spec.read_text(text),
    }
    return {
        "lines": text.count("\n"),
        **{name: min(_timed(deed) for _ in range(5)) for name, deed in deeds.items()},
    }


def _timed(deed: Callable[[], object]) -> float:
    begun = process_time()
    deed()
    return process_time() - begun


def _measured(size: int) -> dict[str, float]:
    """The best of some rounds, each in a fresh process."""
    command = [sys.executable, "-m", "bench.review_publish", str(size)]
    rounds = [
        json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
        for _ in range(ROUNDS[size])
    ]
    return {name: min(one[name] for one in rounds) for name in rounds[0]}


def _once(size: int) -> dict[str, float]:

    from standfast import spec
    from standfast.cli.publish import uninterrupted
    from standfast.publish import render
    from standfast.review import Measured, examine

    def publish(system, review):
        with uninterrupted():  # as the command does
            return render(system, review, date(2026, 11, 24), version="0", notes={})

    first = spec.read_text(generated(3))  # imports and compiled patterns are not what is measured
    publish(first, examine(first, Measured(), AS_OF))
    text, took = generated(size), {}
    begun = process_time()
    system = spec.read_text(text)
    took["read"] = process_time() - begun
    begun = process_time()
    review = examine(system, Measured(), AS_OF)
    took["review"] = process_time() - begun
    begun = process_time()
    outputs = publish(system, review)
    took["publish"] = process_time() - begun
    assert outputs
    return {**took, "peak": _peak()}


def _peak() -> int:
    """Bytes: the most that this process has ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(_once(int(sys.argv[1]))))
    else:
        for what, figure, beside in rows():
            print(f"{what:42} {figure:>10}  {beside}")
