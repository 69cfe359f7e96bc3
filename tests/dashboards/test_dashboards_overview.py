"""The first sentence of the overview: short however much is wrong, and never better than what is known."""

from __future__ import annotations

from standfast.dashboards.audit import Seal
from standfast.dashboards.mark import UNKNOWN, Mark, mark
from standfast.dashboards.on_call import Delivery
from standfast.dashboards.overview import screen
from standfast.dashboards.service import ComponentLine

SEAL = Seal(size=0, signed_size=0, signed_at=None, mark=mark("sealed"), words="")
DELIVERY = Delivery(waiting=0, mark=mark("delivering"), words="", proven_at=None, why=())


def because(*marks: Mark) -> str:
    components = [
        ComponentLine(
            name=f"c{number}", type="http", owner="team", mark=one, because="port: refused"
        )
        for number, one in enumerate(marks)
    ]
    return screen(
        "shop", version=1, problems=(), objectives=(), components=components, incidents=(), overdue=(),
        alerts=(), on_call=(), recovery=(), seal=SEAL, delivery=DELIVERY,
    ).because  # fmt: skip


def test_of_nothing_known_nothing_is_called_healthy() -> None:
    assert because(UNKNOWN, UNKNOWN) == "Nothing is known of any component yet."
    assert because(UNKNOWN, mark("healthy")) == "Nothing is known of c0; the rest is healthy."


def test_of_many_unwell_the_worst_are_explained_and_the_rest_named() -> None:
    said = because(*[mark("degraded")] * 5, mark("unhealthy"))
    assert said.startswith("c5 is unhealthy: port: refused.")
    assert said.endswith("Unwell as well: c2, c3 and c4.")
    assert said.count("port: refused") == 3
