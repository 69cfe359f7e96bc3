"""On-call proved for eight weeks: what a gap is called, and what is no gap."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from standfast.review import Measured, Verdict, examine
from standfast.review.case import open_case
from standfast.review.wording import stretch
from standfast.spec import calling
from standfast.spec import system as s
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.review import Finding

    Spoil = Callable[..., s.System]

SHOP = "on_call/shop"


def found(system: s.System, now: datetime, family: str = "ONC") -> list[Finding]:
    findings = examine(system, Measured(), now).findings
    return [one for one in findings if one.rule.startswith(family)]


def test_a_gap_is_told_in_local_time_with_its_length(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    hours = {f"{SHOP}/hours": "Mon-Sat 09:00-09:00", f"{SHOP}/timezone": "Europe/Berlin"}
    (gap,) = found(spoil(sound, hours), now)

    assert (gap.rule, gap.at, gap.verdict) == ("ONC-01", "on_call.shop.hours", Verdict.BLOCK)
    first = "nobody from Sun 2026-11-29 09:00 to Mon 09:00 Europe/Berlin, 24 h"
    assert f"{first}, the first of 8 times, 192 h of the 1344 of eight weeks" in gap.problem
    assert "api-down (P1) finds Dee instead" in gap.problem  # the last step is a person
    assert "burn (P2) finds no one" in gap.problem


def test_a_gap_in_which_a_later_step_is_told_is_a_question(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    lead = calling.EscalationStep(to="dee", within=None)
    steps = (*sound.on_call["shop"].escalate[Severity.P2], lead)
    changes = {f"{SHOP}/hours": "Mon-Fri 09:00-17:00", f"{SHOP}/escalate/P2": steps}
    gaps = [one for one in found(spoil(sound, changes), now) if one.rule == "ONC-01"]

    assert [one.verdict for one in gaps] == [Verdict.CLARIFY]


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        ((2026, 3, 29, 0), (2026, 3, 29, 4), "from Sun 2026-03-29 01:00 to Sun 06:00 Europe/Berlin, 4 h"),
        ((2026, 10, 24, 22), (2026, 10, 25, 6), "from Sun 2026-10-25 00:00 to Sun 07:00 Europe/Berlin, 8 h"),
        ((2026, 12, 1, 8), (2026, 12, 9, 8),
         "from Tue 2026-12-01 09:00 to Wed 2026-12-09 09:00 Europe/Berlin, 8 d"),
    ],
)  # fmt: skip
def test_lengths_are_true_where_the_clocks_change(
    begin: tuple[int, ...], end: tuple[int, ...], words: str
) -> None:
    since, until = (datetime(*parts, tzinfo=UTC) for parts in (begin, end))  # type: ignore[arg-type]
    assert stretch(since, until, "Europe/Berlin") == words


def test_leave_is_told_for_the_hours_that_fall_into_the_shift(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    away = {"people/bo/leave": ((date(2026, 12, 20), date(2026, 12, 22)),)}
    (finding,) = found(spoil(sound, away), now)

    assert finding.id == "ONC-03@on_call.shop.shift.order.bo"
    assert "from Sun 2026-12-20 00:00 to Mon 09:00 UTC, 33 h" in finding.problem


def test_an_override_answers_for_leave(sound: s.System, spoil: Spoil, now: datetime) -> None:
    days = (date(2026, 12, 15), date(2026, 12, 20))
    covered = {"people/bo/leave": (days,), f"{SHOP}/overrides": ((*days, "cy"),)}

    assert found(spoil(sound, covered), now) == []


def test_whoever_cannot_be_woken_is_named_with_their_turn(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    (finding,) = found(spoil(sound, {"people/cy/phone": None}), now)

    assert finding.id == "ONC-03@people.cy"
    assert "P1 (page and call) cannot wake them" in finding.problem


def test_a_channel_without_the_persons_address_wakes_nobody(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    mail = calling.Channel(
        name="page", kind="smtp", wakes=True, host="mail.shop.test", sender="a@b.test"
    )
    changes = {"channels": {"page": mail}, "people/ada/email": None}

    deaf = found(spoil(sound, changes), now, "ONC-03")
    assert [one.id for one in deaf] == ["ONC-03@people.ada"]


def test_a_second_who_is_away_leaves_the_first_alone(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    away = {"people/bo/leave": ((date(2026, 12, 10), date(2026, 12, 11)),)}  # in ada's week
    (finding,) = found(spoil(sound, away), now)

    assert (finding.id, finding.verdict) == (
        "ONC-05@on_call.shop.escalate.P2",
        Verdict.CLARIFY,
    )
    assert (
        "nobody stands behind Ada from Thu 2026-12-10 00:00 to Sat 00:00 UTC, 48 h"
        in finding.problem
    )


def test_channels_none_of_which_wakes_are_one_finding_and_not_one_each(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    chat = calling.Channel(name="page", kind="webhook", wakes=False, url="https://chat.shop.test")
    system = spoil(sound, {"channels": {"page": chat}})

    assert found(system, now) == []
    assert {one.at for one in found(system, now, "ALR-04")} == {
        "severities.P1.notify",
        "severities.P2.notify",
    }


def test_an_objective_pages_by_its_burn_though_no_alert_says_so(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    lonely = spoil(
        sound,
        {
            "components/db/owner": "nobody",
            "alerts": {},
            "service_levels/db": s.ServiceLevel(
                name="db", of="db", sli="availability",
                slos=sound.service_levels["api-availability"].slos,
            ),
            "on_call/other": replace(sound.on_call["shop"], name="other", covers=()),
        },
    )  # fmt: skip
    assert "db-burn (P1) pages for db" in found(lonely, now, "ONC-01")[0].problem


def test_cover_is_worked_out_once_a_rotation_however_many_components(
    sound: s.System, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    import standfast.review.case as room

    original = room.cover
    monkeypatch.setattr(room, "cover", lambda *all_: asked.append(all_) or original(*all_))
    many = {f"c{n}": replace(sound.components["api"], name=f"c{n}") for n in range(1000)}
    open_case(replace(sound, components={**sound.components, **many}), Measured(), now)

    assert len(asked) == 2
    assert all(end - begin == timedelta(weeks=8) for *_, begin, end in asked)
