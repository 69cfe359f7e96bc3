"""What a report tells, in the order in which it is asked: kept or not, how is it known, what happened."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from standfast.dashboards.report.value import BROKEN, KEPT, MET, MISSED, NARROW
from standfast.dashboards.report.wording import (
    budget_words,
    count_words,
    figure_of,
    minutes_words,
    points_words,
    share_words,
    spent_words,
)
from standfast.publish.report.block import (
    Bars,
    Block,
    Column,
    Fact,
    Facts,
    Heading,
    Items,
    Method,
    State,
    Table,
    Text,
)
from standfast.slo.judgement import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from fractions import Fraction

    from standfast.dashboards.report.value import (
        AgreementLine,
        DayLine,
        ExclusionLine,
        PromiseLine,
        Report,
        WindowLine,
    )

_TONES = {MET: "good", MISSED: "bad", KEPT: "good", BROKEN: "bad", NARROW: "warn"}


def content(report: Report) -> Iterator[Block]:
    yield from _head(report)
    yield from _overview(report)
    for one in report.agreements:
        for window in one.windows:
            yield from agreement(report, one, window)
    for promise in report.promises:
        yield from _promise(report, promise)
    yield from _happened(report)
    yield from _checking(report)


def moment(report: Report, at: datetime) -> str:
    there = at.astimezone(ZoneInfo(report.timezone))
    return f"{there:%Y-%m-%d %H:%M} {there.tzname() or 'UTC'}"


def title(report: Report) -> str:
    about = f" of {report.of}" if report.of else ""
    return f"Service level report{about}: {report.words}"


def state(word: str, of: str = "") -> State:
    return State(tone=_TONES.get(of or word, "quiet"), word=word)


# ------------------------------------------------------------------ the head


def _head(report: Report) -> Iterator[Block]:
    yield Heading(level=1, text=title(report))
    yield Text(words=report.summary)
    if report.provisional:
        yield Text(
            words=f"Provisional: {report.words} is not over. Counted until"
            f" {moment(report, report.counted_until)}.",
            look="stamp",
        )
    if report.corrections:
        yield Items(
            title=f"Edition {report.edition} says otherwise than the one before", lines=report.corrections
        )  # fmt: skip
    if report.notes:
        yield Items(title="To be known", lines=report.notes)
    yield Facts(
        facts=(
            Fact(name="System", value=report.system),
            Fact(
                name="Period",
                value=f"{moment(report, report.starts)} to {moment(report, report.ends)}",
                small=f"days of {report.timezone}",
            ),
            Fact(
                name="Edition",
                value=f"{report.edition}{', provisional' if report.provisional else ''}",
                small=f"made {moment(report, report.made_at)} by {report.made_by}",
            ),
            Fact(
                name="Promised by",
                value=f"version {report.file_version} of the reliability file",
                small=f"SHA-256 {report.file_digest[:16]}…",
            ),
        )
    )


_OVERVIEW = (
    Column(title="Objective", wide=True), Column(title="State"), Column(title="Promised", number=True),
    Column(title="Achieved", number=True), Column(title="Budget spent", number=True),
    Column(title="Downtime", number=True), Column(title="Not measured", number=True),
)  # fmt: skip


_CONTRACTS = (
    Column(title="Agreement", wide=True), Column(title="Window"), Column(title="State"),
    Column(title="Promised", number=True), Column(title="Achieved", number=True),
    Column(title="Downtime", number=True), Column(title="Not measured", number=True),
    Column(title="Owed", wide=True),
)  # fmt: skip


def _overview(report: Report) -> Iterator[Block]:
    if report.agreements:
        yield Table(
            caption="What is promised to customers; each window of a contract has its own section below.",
            columns=_CONTRACTS,
            rows=tuple(
                (
                    one.name,
                    _days_words(one, each),
                    state(each.state if each.closed else f"{each.state} so far", each.state),
                    one.promise,
                    figure_of(each.counted.achieved, one.target),
                    minutes_words(each.downtime),
                    minutes_words(each.counted.missing),
                    each.owed_words,
                )
                for one in report.agreements
                for each in one.windows
            ),
        )
    if report.promises:
        yield Table(
            caption="Every objective at a glance; each has its own section below.",
            columns=_OVERVIEW,
            rows=tuple(
                (
                    one.name,
                    state(one.state),
                    one.promise,
                    figure_of(one.counted.achieved, one.target),
                    spent_words(one.spent),
                    minutes_words(one.downtime),
                    minutes_words(one.counted.missing),
                )
                for one in report.promises
            ),
        )


# ------------------------------------------------------------------ one window of a contract


def agreement(report: Report, one: AgreementLine, each: WindowLine) -> Iterator[Block]:
    yield Heading(level=2, text=f"{one.name}, {_days_words(one, each)}")
    said = each.state if each.closed else f"{each.state} so far"
    yield Text(words=f"{said.capitalize()}. {each.because}.")
    yield Facts(facts=tuple(_contract_facts(one, each)))
    yield Bars(name=one.name, days=each.days)
    yield from _days(one.name, each.days, one.target)
    if each.credits:
        yield Table(
            caption="Credits by the contract; the worst border that is passed counts.",
            columns=(Column(title="Achieved"), Column(title="Of the fee", wide=True), Column(title="Owed")),
            rows=tuple(
                (tier.words, share_words(tier.share), "yes" if tier.owed else "no") for tier in each.credits
            ),
        )  # fmt: skip
    yield from _exclusions(report, each.exclusions, one.target)
    if each.refused:
        yield Items(
            title="Counted all the same, by the contract",
            lines=tuple(f"{left.id}: {left.because}" for left in each.refused),
        )
    yield Heading(level=3, text="How it was worked out")
    yield Method(rows=each.method)


def _days_words(one: AgreementLine, each: WindowLine) -> str:
    """ "2026-10-01 to 2026-10-31" in the contract's zone, the last day with it."""
    zone = ZoneInfo(one.timezone)
    last = (each.ends - timedelta(microseconds=1)).astimezone(zone)
    return f"{each.starts.astimezone(zone):%Y-%m-%d} to {last:%Y-%m-%d}"


def _contract_facts(one: AgreementLine, each: WindowLine) -> Iterator[Fact]:
    counted = each.counted
    who = ", ".join(filter(None, (one.customer, one.contract)))
    yield Fact(name="Promised", value=one.promise, small=f"{who or one.level}; {one.window}")
    yield Fact(
        name="Achieved",
        value=figure_of(counted.achieved, one.target),
        small=f"{figure_of(each.without_exclusions, one.target)} without any exclusion"
        if counted.excluded
        else "",
    )
    yield Fact(
        name="Events",
        value=f"{counted.total:,}",
        small=f"{count_words(counted.total - counted.bad)} good, {count_words(counted.bad)} bad",
    )
    yield Fact(
        name="Margin",
        value="unknown" if each.margin is None else points_words(each.margin),
        small=_left_words(one, each),
    )
    yield Fact(
        name="Downtime",
        value=minutes_words(each.downtime),
        small=f"allowed {minutes_words(each.downtime_allowed)}",
    )
    worst = (
        f"; {figure_of(each.at_worst, one.target)} had all of it been bad"
        if counted.missing
        else ""
    )
    yield Fact(
        name="Looked at",
        value=share_words(each.coverage, 2),
        small=f"{minutes_words(counted.missing)} not measured{worst}",
    )
    yield Fact(name="Credits owed", value=each.owed_words)


def _left_words(one: AgreementLine, each: WindowLine) -> str:
    """What is left is rounded down, what is over up."""
    if each.events_left is None:
        return ""
    many = f"{abs(each.events_left.__floor__()):,}"
    over = "bad events more it bears" if each.events_left >= 0 else "bad events too many"
    return f"{many} {over}{f'; guarded by {one.guard}' if one.guard else ''}"


# ------------------------------------------------------------------ one promise


def _promise(report: Report, one: PromiseLine) -> Iterator[Block]:
    yield Heading(level=2, text=one.name)
    yield Text(words=f"{one.state.capitalize()}: {one.because}")
    yield Facts(facts=tuple(_facts(one)))
    yield Bars(name=one.name, days=one.days)
    yield from _days(one.name, one.days, one.target)
    yield from _exclusions(report, one.exclusions, one.target)
    if one.incidents:
        yield Text(words=f"Incidents that touched it: {', '.join(one.incidents)}.")
    yield Heading(level=3, text="How it was worked out")
    yield Method(rows=one.method)


def _facts(one: PromiseLine) -> Iterator[Fact]:
    counted = one.counted
    yield Fact(
        name="Promised",
        value=one.promise,
        small=f"over {one.window}; here over this period",
    )
    yield Fact(
        name="Achieved",
        value=figure_of(counted.achieved, one.target),
        small="" if not counted.excluded else f"{_plain(one)} without any exclusion",
    )
    yield Fact(
        name="Events",
        value=f"{counted.total:,}",
        small=f"{count_words(counted.total - counted.bad)} good, {count_words(counted.bad)} bad,"
        f" {count_words(one.allowed)} allowed",
    )
    yield Fact(
        name="Budget left",
        value=budget_words(one.left),
        small=f"{spent_words(one.spent)} spent" if one.spent is not None else "",
    )
    yield Fact(
        name="Downtime",
        value=minutes_words(one.downtime),
        small=f"allowed {minutes_words(one.downtime_allowed)}, left {minutes_words(one.downtime_left)}",
    )
    yield Fact(
        name="Looked at",
        value=share_words(one.coverage, 2),
        small=_missing_words(one),
    )
    yield Fact(
        name="Before", value=figure_of(one.previous.achieved, one.target), small=one.previous.words
    )


def _plain(one: PromiseLine) -> str:
    return figure_of(one.without_exclusions, one.target)


def _missing_words(one: PromiseLine) -> str:
    if not one.counted.missing:
        return "of the time that counts"
    before = (
        f", {minutes_words(one.unwatched)} of it before the first look" if one.unwatched else ""
    )
    return f"{minutes_words(one.counted.missing)} not measured{before}: neither good nor bad"


_DAY = (
    Column(title="Day"), Column(title="State", wide=True), Column(title="Achieved", number=True),
    Column(title="Bad", number=True), Column(title="Events", number=True),
    Column(title="Budget spent", number=True), Column(title="Not measured", number=True),
    Column(title="Excluded", number=True),
)  # fmt: skip


def _days(name: str, days: Sequence[DayLine], target: Fraction) -> Iterator[Block]:
    fine = [day for day in days if _fine(day)]
    marked = [day for day in days if not _fine(day)]
    if marked:
        rest = f" The other {len(fine)} were kept and measured whole." if fine else ""
        yield Table(
            caption=f"Days that were not kept, not measured whole, or excluded in part.{rest}",
            columns=_DAY,
            rows=tuple(_day(target, day) for day in marked),
        )
    elif fine:
        yield Text(words="Every day was kept and measured whole.")
    yield Table(
        caption="",
        columns=_DAY,
        rows=tuple(_day(target, day) for day in days),
        folded=f"{name}, day by day",
    )


def _fine(day: DayLine) -> bool:
    return day.state == KEPT and not day.counted.missing and not day.counted.excluded


def _day(target: Fraction, day: DayLine) -> tuple[str | State, ...]:
    counted = day.counted
    return (
        day.day.isoformat(),
        state(day.state),
        "–" if counted.achieved is None else figure_of(counted.achieved, target),
        count_words(counted.bad),
        f"{counted.total:,}",
        "–" if day.spent is None else spent_words(day.spent),
        _or_dash(minutes_words(counted.missing)),
        _or_dash(minutes_words(counted.excluded)),
    )


def _or_dash(text: str) -> str:
    return "–" if text == "0 min" else text


def _exclusions(
    report: Report, exclusions: Sequence[ExclusionLine], target: Fraction
) -> Iterator[Block]:
    if not exclusions:
        return
    yield Heading(level=3, text="What is left out")
    yield Table(
        caption="Each with the figure had it not been excluded, all others standing.",
        columns=(
            Column(title="Exclusion"), Column(title="From and until", wide=True),
            Column(title="Why, and who answers for it", wide=True), Column(title="Time", number=True),
            Column(title="Bad of all", number=True), Column(title="Without it", number=True),
        ),
        rows=tuple(
            (
                f"{each.id}, {each.kind} of {each.of}",
                f"{moment(report, each.starts)} to {moment(report, each.ends)}",
                _why(report, each),
                minutes_words(each.within),
                f"{count_words(each.bad)} of {each.total:,}",
                f"{figure_of(each.without, target)}, {each.state_without}",
            )
            for each in exclusions
        ),
    )  # fmt: skip


def _why(report: Report, one: ExclusionLine) -> str:
    when = "afterwards" if one.afterwards else "ahead"
    return (
        f"{one.because} ({one.owner}; said {when}, {moment(report, one.said_at)} by {one.said_by})"
    )


# ------------------------------------------------------------------ what happened


def _happened(report: Report) -> Iterator[Block]:
    yield Heading(level=2, text="Incidents")
    if report.incidents:
        yield Table(
            caption="Those that touched what is promised here.",
            columns=(
                Column(title="Incident"), Column(title="Weight"), Column(title="What", wide=True),
                Column(title="Began"), Column(title="Resolved"), Column(title="Lasted", number=True),
                Column(title="Touches", wide=True),
            ),
            rows=tuple(
                (
                    one.id,
                    one.sev,
                    one.title,
                    moment(report, one.started),
                    moment(report, one.resolved) if one.resolved else "not yet",
                    words(one.resolved - one.started) if one.resolved else "–",
                    ", ".join(one.promises),
                )
                for one in report.incidents
            ),
        )  # fmt: skip
    else:
        yield Text(words="None touched what is promised here.")
    yield from _alerts(report)
    yield from _changes(report)


def _alerts(report: Report) -> Iterator[Block]:
    yield Heading(level=2, text="Alerts")
    if not report.alerts:
        yield Text(words="None fired.")
        return
    yield Table(
        caption="Alerts that fired in the period, by rule.",
        columns=(
            Column(title="Alert", wide=True), Column(title="Of"), Column(title="Severity"),
            Column(title="Fired", number=True), Column(title="Lasted", number=True), Column(title="Last"),
        ),
        rows=tuple(
            (one.rule, one.component, one.severity, f"{one.fired}", words(one.lasted), moment(report, one.last))
            for one in report.alerts
        ),
    )  # fmt: skip


def _changes(report: Report) -> Iterator[Block]:
    yield Heading(level=2, text="Changes of what is promised")
    if not report.changes:
        yield Text(words="None in this period.")
        return
    yield Table(
        caption="Versions of the reliability file that were accepted in the period.",
        columns=(
            Column(title="Version"), Column(title="Accepted"), Column(title="By"),
            Column(title="What changed", wide=True),
        ),
        rows=tuple(
            (f"{one.version}", moment(report, one.accepted_at), one.accepted_by, "; ".join(one.changes))
            for one in report.changes
        ),
    )  # fmt: skip


def _checking(report: Report) -> Iterator[Block]:
    yield Heading(level=2, text="Checking this report")
    yield Text(
        words="Its files are named in a manifest, each by its SHA-256, and the manifest is signed (Ed25519)."
        " `standfast report verify FILE --key KEY` tells offline whether a byte was changed. The key:"
    )
    yield Text(words=report.key, look="code")
    yield Text(
        words="Every day of every promise stands in the CSV and JSON beside this page."
        " Minutes that nobody measured are never counted as good.",
        look="soft",
    )
