"""What a new edition of a report says otherwise than the one before; that one is read as its JSON."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from standfast.dashboards.report.wording import count_words, figure_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.dashboards.report.value import AgreementLine, PromiseLine, Report, WindowLine


def corrections(before: Mapping[str, Any], after: Report) -> tuple[str, ...]:
    """Nothing where both say the same of what was promised, counted, excluded and happened."""
    old = {str(one["name"]): one for one in before["promises"]}
    new = {one.name: one for one in after.promises}
    said = [
        *(f"{name} is in it now" for name in new if name not in old),
        *(f"{name} is in it no more" for name in old if name not in new),
        *(words for name, one in new.items() if name in old for words in _promise(old[name], one)),
        *_contracts(before, after),
        *_whole(before, after),
    ]
    return tuple(said)


def _contracts(before: Mapping[str, Any], after: Report) -> list[str]:
    old = {
        (str(one["name"]), str(each["starts"])): each
        for one in before["agreements"]
        for each in one["windows"]
    }
    new = {
        (one.name, f"{each.starts:%Y-%m-%dT%H:%M:%SZ}"): (one, each)
        for one in after.agreements
        for each in one.windows
    }
    said = [
        f"the agreement {name} from {start} is in it no more"
        for name, start in old
        if (name, start) not in new
    ]
    for key, (one, each) in new.items():
        if key not in old:
            said.append(f"the agreement {key[0]} from {key[1]} is in it now")
        else:
            said += [f"agreement {one.name}: {words}" for words in _window(old[key], one, each)]
    return said


def _window(old: Mapping[str, Any], one: AgreementLine, new: WindowLine) -> list[str]:
    said = []
    if old["state"] != new.state:
        said.append(f"{new.state}, not {old['state']}")
    if old["owed_words"] != new.owed_words:
        said.append(f"owed is {new.owed_words}, not {old['owed_words']}")
    bad, total = _exact(old["counted"]["bad"]), int(old["counted"]["total"])
    if (_near(bad), total) != (_near(new.counted.bad), new.counted.total):
        before = 1 - bad / total if total else None
        now = figure_of(new.counted.achieved, one.target)
        said.append(f"{now} were good, not {figure_of(before, one.target)}")
    return said


def _whole(before: Mapping[str, Any], after: Report) -> list[str]:
    said = []
    if before["provisional"] and not after.provisional:
        said.append("the period is over: the figures are no longer provisional")
    elif before["counted_until"] != _instant(after) and after.provisional:
        said.append(f"counted until {_instant(after)}")
    if before["file_digest"] != after.file_digest:
        said.append(
            f"judged by version {after.file_version} of the file, not {before['file_version']}"
        )
    old, new = _incidents(before), {(one.id, one.sev, one.title) for one in after.incidents}
    if old != new:
        changed = sorted({one[0] for one in old ^ new})
        said.append(f"what is said of incidents: {', '.join(changed)}")
    return said


def _promise(old: Mapping[str, Any], new: PromiseLine) -> list[str]:
    name, said = new.name, []
    if old["promise"] != new.promise:
        said.append(f"{name}: promised are {new.promise}, not {old['promise']}")
    if old["state"] != new.state:
        said.append(f"{name}: {new.state}, not {old['state']}")
    counted = old["counted"]
    bad, total = _exact(counted["bad"]), int(counted["total"])
    if (_near(bad), total) != (_near(new.counted.bad), new.counted.total):
        said.append(
            f"{name}: {count_words(new.counted.bad)} bad of {new.counted.total:,}, not"
            f" {count_words(_near(bad))} of {total:,}{_share(bad, total, new)}"
        )
    if _seconds(counted["missing"]) != _seconds(new.counted.missing.total_seconds()):
        said.append(f"{name}: what is known of the time that was looked at")
    return [*said, *_exclusions(old, new)]


def _share(bad: Fraction, total: int, new: PromiseLine) -> str:
    before = 1 - bad / total if total else None
    return f" ({figure_of(new.counted.achieved, new.target)}, not {figure_of(before, new.target)})"


def _exclusions(old: Mapping[str, Any], new: PromiseLine) -> list[str]:
    known = {str(one["id"]) for one in old["exclusions"]}
    now = {one.id: one for one in new.exclusions}
    return [
        *(
            f"{new.name}: exclusion {one.id} was added, said {one.said_at:%Y-%m-%d %H:%M} UTC"
            f" by {one.said_by}: {one.because}"
            for one in now.values()
            if one.id not in known
        ),
        *(f"{new.name}: exclusion {gone} was revoked" for gone in sorted(known - now.keys())),
    ]


def _incidents(before: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    return {(str(one["id"]), str(one["sev"]), str(one["title"])) for one in before["incidents"]}


def _instant(after: Report) -> str:
    return after.counted_until.strftime("%Y-%m-%dT%H:%M:%SZ")


def _exact(number: float) -> Fraction:
    return Fraction(str(number))


def _near(number: Fraction) -> Fraction:
    """As near as JSON keeps it: the parts of an event that a journey has are written as decimals."""
    return Fraction(round(number * 1_000_000), 1_000_000)


def _seconds(seconds: float) -> int:
    return round(seconds)
