"""What the ticking says of itself while a tick ends beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.engine.ticking import Role, Ticking
from standfast.errors import SourceError

if TYPE_CHECKING:
    from conftest import FakeClock


def test_a_first_tick_that_fails_behind_the_look_is_never_taken_for_well(clock: FakeClock) -> None:
    """Or the dead man's switch would be told that all is well."""

    def fails(_now) -> None:
        raise SourceError("it broke")

    ticking = Ticking([Role(name="deliver", every=timedelta(seconds=1), work=fails)], clock)
    late = ticking.late

    def looked(now):
        found = late(now)
        ticking._tick(ticking._threads[0])
        return found

    ticking.late = looked  # type: ignore[method-assign]
    assert ticking.unwell(["deliver"], clock()) is None
    assert ticking.unwell(["deliver"], clock()) == {"deliver": "SourceError: it broke"}
