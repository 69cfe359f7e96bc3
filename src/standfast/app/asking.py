"""What the Prometheus-compatible server of the file answers: for the pages, for health and for the doctor."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from standfast import spec
from standfast.drivers.files import Files
from standfast.drivers.prometheus import PrometheusRange
from standfast.errors import SourceError, StandfastError
from standfast.monitoring.asked import NOT_YET
from standfast_kit.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.monitoring.asked import Progress
    from standfast.slo.objective import Objective
    from standfast.store.tx import Tx


def of_objective(found: Mapping[str, Progress], objective: Objective) -> tuple[Progress, ...]:
    return tuple(found[one.counted.key] for one in objective.indicators if one.counted.key in found)


def faults(tx: Tx) -> tuple[str, ...]:
    """Why levels are not read, in sentences, each reason once."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in tx.asked.progress().values():
        if not one.ok and one.because != NOT_YET:
            by_reason[one.because].append(one.indicator)
    return tuple(
        f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {why}"
        for why, names in by_reason.items()
    )


def answers(file: str) -> tuple[str, bool, str] | None:
    """(address, does it answer, in words) of the server that the file names; None where it names none."""
    try:
        server = spec.read(file, Files()).server.prometheus
    except StandfastError:
        return None  # the file itself is told of elsewhere
    if server is None:
        return None
    try:
        PrometheusRange().answers(server, utc_now())
    except SourceError as error:
        return server.url, False, error.problem.removeprefix(f"{server.url}: ")
    return server.url, True, "answers questions"
