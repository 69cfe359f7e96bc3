"""Verdicts, certainty, waivers and what a review costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from standfast import spec
from standfast.errors import FileError
from standfast.review import Measured, Verdict, examine
from standfast.review.arithmetic import ceiling
from standfast.review.case import open_case
from standfast.review.chain import chain_of, hard_cycles
from standfast.spec import system as s
from standfast.spec.values import Promise, Strength

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.review import Finding, Review

    Spoil = Callable[..., s.System]

WEAK = {"components/db/availability": Fraction("0.998")}
PATH = "journeys.checkout.slo"


def reviewed(system: s.System, now: datetime, **measured: object) -> Review:
    return examine(system, Measured(**measured), now)  # type: ignore[arg-type]


def one(review: Review, rule: str) -> Finding:
    (finding,) = (finding for finding in review.findings if finding.rule == rule)
    return finding


def waiver(rule: str = "AVL-01", at: str = PATH, until: date = date(2027, 3, 1)) -> s.Waiver:
    return s.Waiver(rule=rule, at=at, because="known", by="dee", until=until)


def test_the_worst_open_finding_is_the_verdict(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    review = reviewed(spoil(sound, WEAK), now)
    assert review.verdict is Verdict.BLOCK
    assert one(review, "AVL-01").id == "AVL-01@journeys.checkout.slo"
    assert "99.85%" in one(review, "AVL-01").problem
    assert "99.8%" in one(review, "AVL-01").problem


def test_warnings_alone_are_accepted(sound: s.System, spoil: Spoil, now: datetime) -> None:
    review = reviewed(spoil(sound, {"backups/db/copies/wal/keep": timedelta(days=7)}), now)
    assert (review.verdict, review.worst) == (Verdict.ACCEPT, Verdict.WARN)


def test_what_rests_on_an_assumption_can_only_be_asked(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    slow = replace(spoil(sound, {"data/accounts/rpo": timedelta()}), stated=type(sound.stated)())
    assert one(reviewed(slow, now), "RPO-02").verdict is Verdict.BLOCK

    guessed = replace(slow, stated=type(sound.stated)({"data.accounts.rpo"}))
    finding = one(reviewed(guessed, now), "RPO-02")
    assert finding.verdict is Verdict.CLARIFY
    assert finding.rests_on == ("data.accounts.rpo",)


def test_a_finding_names_the_assumption_that_it_rests_on(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    measured = {"restore": {"db": timedelta(hours=2)}}
    assert one(reviewed(sound, now, **measured), "RTO-01").verdict is Verdict.BLOCK

    guessed = replace(sound, stated=type(sound.stated)({"data.accounts.rto"}))
    finding = one(reviewed(guessed, now, **measured), "RTO-01")
    assert (finding.verdict, finding.rests_on) == (Verdict.CLARIFY, ("A-01",))


def test_a_vendor_below_its_sla_is_a_question_and_no_certainty(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    hard = {
        "components/api/needs/payments/strength": Strength.HARD,
        "components/payments/sla": Fraction("0.99"),
    }
    review = reviewed(spoil(sound, hard), now)
    assert review.verdict is Verdict.CLARIFY
    assert {"AVL-02", "AVL-03", "AVL-04"} <= {finding.rule for finding in review.findings}


def test_a_contract_above_the_weakest_link_blocks(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    equal = reviewed(spoil(sound, {"components/db/availability": Fraction("0.995")}), now)
    assert one(equal, "AVL-04").verdict is Verdict.CLARIFY
    below = reviewed(spoil(sound, {"components/db/availability": Fraction("0.9949")}), now)
    assert one(below, "AVL-04").verdict is Verdict.BLOCK


# ------------------------------------------------------------------ waivers


def test_a_waiver_sets_one_rule_at_one_path_aside(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    review = reviewed(spoil(sound, {**WEAK, "waivers": (waiver(),)}), now)
    assert [(finding.rule, finding.waived_by) for finding in review.waived] == [("AVL-01", "dee")]
    assert review.verdict is Verdict.CLARIFY  # the ceiling, AVL-02, at the same path, still stands


def test_a_waiver_holds_on_its_last_day(sound: s.System, spoil: Spoil, now: datetime) -> None:
    last = spoil(sound, {**WEAK, "waivers": (waiver(until=now.date()),)})
    assert reviewed(last, now).waived
    assert not reviewed(last, now + timedelta(days=1)).waived


def test_what_an_expired_waiver_covered_comes_back_one_level_worse(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    lapsed = waiver("AVL-02", until=date(2026, 11, 23))
    system = spoil(sound, {"components/db/availability": Fraction("0.9989"), "waivers": (lapsed,)})
    review = reviewed(system, now)
    assert one(review, "AVL-02").verdict is Verdict.BLOCK
    assert "expired on 2026-11-23" in one(review, "WVR-01").problem


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (waiver("AVL-99"), "no such rule"),
        (waiver("AVL-*"), "no such rule"),
        (waiver(until=date(2028, 1, 1)), "a year is the most"),
        (waiver(at="journeys.checkout"), "no longer excuses anything"),
    ],
)
def test_a_waiver_that_is_too_broad_or_hits_nothing_is_itself_a_finding(
    bad: s.Waiver, says: str, sound: s.System, spoil: Spoil, now: datetime
) -> None:
    review = reviewed(spoil(sound, {**WEAK, "waivers": (bad,)}), now)
    assert one(review, "AVL-01").verdict is Verdict.BLOCK
    assert says in one(review, "WVR-01").problem


LAPSED, ENDLESS = date(2026, 11, 23), date(2028, 1, 1)


@pytest.mark.parametrize(
    "bad",
    [
        waiver("AVL-99"),
        waiver(until=LAPSED),
        waiver(until=ENDLESS),
        waiver(at="journeys.checkout"),
        waiver(at="journeys"),
        waiver(at="nowhere.at.all"),
        waiver("AVL-01", at=f"{PATH}.target"),
        waiver("WVR-01", at="waivers.0"),
    ],
    ids=lambda bad: f"{bad.rule} {bad.at} {bad.until}",
)
@pytest.mark.parametrize("first", [True, False])
def test_a_broken_waiver_hides_nothing_and_spoils_no_good_one(
    bad: s.Waiver, first: bool, sound: s.System, spoil: Spoil, now: datetime
) -> None:
    good = waiver("AVL-02")
    before = reviewed(spoil(sound, {**WEAK, "waivers": (good,)}), now)
    both = (bad, good) if first else (good, bad)
    after = reviewed(spoil(sound, {**WEAK, "waivers": both}), now)
    assert {one.id for one in after.waived} == {one.id for one in before.waived}
    verdicts = {one.id: one.verdict for one in after.findings}
    for finding in before.findings:
        assert verdicts[finding.id] >= finding.verdict
    assert f"WVR-01@waivers.{0 if first else 1}" in verdicts
    assert after.verdict >= before.verdict


def test_a_waiver_covers_its_own_rule_and_path_and_nothing_beside(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    plain = reviewed(spoil(sound, WEAK), now)
    for finding in plain.findings:
        covered = reviewed(
            spoil(sound, {**WEAK, "waivers": (waiver(finding.rule, finding.at),)}), now
        )
        assert [one.id for one in covered.waived] == [finding.id]
        assert {one.id for one in covered.findings} == {
            one.id for one in plain.findings if one.id != finding.id
        }


@pytest.mark.parametrize(
    ("verdict", "later"),
    [
        (Verdict.WARN, Verdict.CLARIFY),
        (Verdict.CLARIFY, Verdict.BLOCK),
        (Verdict.BLOCK, Verdict.BLOCK),
    ],
)
def test_an_expired_waiver_gives_back_one_level_and_no_more(
    verdict: Verdict, later: Verdict
) -> None:
    assert verdict.worse is later


def test_renewing_beside_an_expired_waiver_covers_again_and_the_old_one_is_still_told(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    both = (waiver(until=LAPSED), waiver())
    review = reviewed(spoil(sound, {**WEAK, "waivers": both}), now)
    assert [one.rule for one in review.waived] == ["AVL-01"]
    assert one(review, "WVR-01").at == "waivers.0"


@pytest.mark.parametrize("left_out", ["rule", "at", "because", "by", "until"])
def test_every_part_of_a_waiver_is_needed(left_out: str) -> None:
    parts = {"rule": "DEP-07", "at": "a", "because": "x", "by": "dee", "until": "2027-01-01"}
    del parts[left_out]
    listed = ", ".join(f"{key}: {value}" for key, value in parts.items())
    text = (
        "system: {name: blog}\ncomponents: {web: {type: http}}\n"
        f"people: {{dee: {{name: Dee, email: dee@blog.test}}}}\nwaivers:\n  - {{{listed}}}\n"
    )
    with pytest.raises(FileError, match=rf":5:\d+: error: '{left_out}' is missing"):
        spec.read_text(text)


# ------------------------------------------------------------------ measured values and ids


def test_a_restore_proven_too_long_ago_reopens_the_question(sound: s.System, now: datetime) -> None:
    fresh, stale = now - timedelta(days=7), now - timedelta(days=7, seconds=1)
    assert not reviewed(sound, now, last_restore={"db": fresh}).findings
    assert "7 d ago" in one(reviewed(sound, now, last_restore={"db": stale}), "BKP-04").problem
    assert "never" in one(reviewed(sound, now, last_restore={"db": None}), "BKP-04").problem


def test_a_restore_of_unknown_size_is_asked_about(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    unknown = spoil(sound, {"components/db/size": None})
    assert one(reviewed(unknown, now), "RTO-01").at == "components.db.size"
    assert not reviewed(unknown, now, restore={"db": timedelta(hours=1)}).findings


def test_ids_are_unique_and_stable(sound: s.System, spoil: Spoil, now: datetime) -> None:
    spoiled = spoil(sound, {**WEAK, "components/api/health": {}, "alerts/errors/runbook": None})
    ids = [finding.id for finding in reviewed(spoiled, now).findings]
    assert len(set(ids)) == len(ids) >= 4
    assert ids == [finding.id for finding in reviewed(spoiled, now + timedelta(days=1)).findings]


def test_a_literal_secret_blocks_and_is_not_repeated(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    told = spoil(sound, {"literal_secrets": ("channels.page.password",)})
    finding = one(reviewed(told, now), "INP-09")
    assert (finding.verdict, finding.at) == (Verdict.BLOCK, "channels.page.password")


# ------------------------------------------------------------------ the graph


def test_a_journey_needs_what_its_hard_parts_need(sound: s.System, spoil: Spoil) -> None:
    system = spoil(sound, {"journeys/checkout/path": ("api",)})
    assert chain_of(system, system.journeys["checkout"]).hard == ("api", "db")


def test_what_only_a_soft_need_leads_to_is_soft(sound: s.System) -> None:
    chain = chain_of(sound, sound.journeys["checkout"])
    assert (chain.hard, [need.to for need in chain.soft]) == (("api", "db"), ["payments"])


def test_a_drilled_fallback_raises_the_ceiling() -> None:
    without = ceiling([], [(Fraction("0.99"), Fraction(0))])
    drilled = ceiling([], [(Fraction("0.99"), Fraction("0.9"))])
    assert (without, drilled) == (Fraction("0.99"), Fraction("0.999"))


def chained(sound: s.System, number: int) -> s.System:
    """A long line of components with everything to complain about."""
    names = [f"c{index}" for index in range(number)]
    components = {
        name: s.Component(
            name=name,
            type="http",
            url=f"https://{name}.test",
            needs={after: s.Need(to=after, strength=Strength.HARD, stated=False)},
        )
        for name, after in pairwise([*names, "end"])
    }
    components["end"] = s.Component(name="end", type="postgresql")
    levels = {
        name: s.ServiceLevel(
            name=name,
            of=name,
            sli="availability",
            slos=(Promise(text="99.9%", target=Fraction("0.999")),),
        )
        for name in names
    }
    journey = s.Journey(
        name="all", path=tuple(names), slo=Promise(text="99.9%", target=Fraction("0.999"))
    )
    return replace(
        sound,
        components=components,
        journeys={"all": journey},
        service_levels=levels,
        alerts={},
        data={},
        backups={},
        failovers={},
    )


def test_a_line_of_5000_components_is_walked_without_recursion(sound: s.System) -> None:
    long = chained(sound, 5000)
    assert list(hard_cycles(long)) == []
    assert len(chain_of(long, long.journeys["all"]).hard) == 5001


def test_findings_grow_with_the_file_and_not_with_its_square(
    sound: s.System, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    original = s.System.grade

    def counting(self: s.System, path: str) -> object:
        asked.append(path)
        return original(self, path)

    monkeypatch.setattr(s.System, "grade", counting)
    counts = []
    for number in (250, 1000):
        asked.clear()
        assert len(examine(chained(sound, number), Measured(), now).findings) > number
        counts.append(len(asked))
    assert counts[1] < 4.2 * counts[0]


def test_the_case_is_indexed_by_component(sound: s.System, now: datetime) -> None:
    case = open_case(sound, Measured(), now)
    assert [level.name for level in case.levels_of["api"]] == ["api-availability", "api-latency"]
    assert case.burning == {"api-availability", "api-latency"}
