"""What is counted, and by whom: a contract's own terms too, whoever counts their events."""

from __future__ import annotations

import pytest

from standfast import spec
from standfast.engine.meters import (
    asked_indicators,
    counted_elsewhere,
    meters_by_component,
    written_meters,
)

FILE = """
system: {{name: shop}}
server: {{prometheus: {{url: "http://127.0.0.1:9"}}}}
components:
  api: {{type: http, scrape: "http://127.0.0.1:1/metrics"}}
service_levels:
  fast: {{of: api, sli: latency, slo: 99% < 200ms, source: {source}}}
agreements:
  gold: {{of: fast, sla: 95% < 500ms}}
"""


@pytest.mark.parametrize("source", ["standfast", "prometheus", "remote-write"])
def test_the_terms_of_a_contract_are_counted_by_whoever_counts_the_level(source: str) -> None:
    system = spec.read_text(FILE.format(source=source))
    counted = {
        "standfast": {one.key for one in meters_by_component(system)["api"]},
        "prometheus": {*asked_indicators(system)},
        "remote-write": {one.key for mine in written_meters(system).values() for one in mine},
    }
    latencies = {
        name: {key.partition("~")[0] for key in keys if "latency" in key}
        for name, keys in counted.items()
    }
    assert latencies.pop(source) == {"api/latency<0.2", "api/latency<0.5"}
    assert not any(latencies.values())
    assert len(counted_elsewhere(system)) == (0 if source == "standfast" else 2)
