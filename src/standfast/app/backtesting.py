"""Back-testing on the server's own machine: the accepted file, its counts, and the file to try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url

from standfast import spec
from standfast.alerting.rules import rules
from standfast.app.files import Files
from standfast.app.settings import database_url
from standfast.engine.accept import read_version
from standfast.engine.backtest import (
    Outcome,
    about,
    difference,
    keys_of,
    laid_over,
    replay,
)
from standfast.engine.past import Counts, Past
from standfast.errors import NotFound, StandfastError, StoreError
from standfast.monitoring.count import bucket_start
from standfast.slo.objective import counts_kept, objectives
from standfast.spec.promises import promise
from standfast.spec.units import duration
from standfast.store.database import Database
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from standfast.alerting.rules import Rule
    from standfast.slo.exclusion import Exclusion
    from standfast.spec.system import System
    from standfast.store.tx import Tx

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_WINDOWS = (timedelta(hours=1), timedelta(days=366))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    file: str = ""  # "" is the accepted one
    days: int = 30
    objective: str = ""  # "" is all of them
    target: str = ""
    window: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    start: datetime
    end: datetime
    changed: Outcome
    present: Outcome
    difference: str


def backtest(
    asked: Asked,
    database: str,
    data: Path,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    clock: Clock = utc_now,
) -> Backtest:
    """Reads once, writes nothing; `progress` hears how many of how many rules are through."""
    end = bucket_start(clock(), _MINUTE)
    store = _opened(database_url(database, data))
    try:
        trial = store.read(lambda tx: _read(tx, asked, end))
    finally:
        store.close()  # before the long part: what is open is in the server's way
    return _gone_through(trial, progress)


def _opened(url: str) -> Database:
    file = make_url(url)
    if file.get_backend_name() == "sqlite" and not Path(str(file.database)).is_file():
        raise StoreError(
            "there is no database here",
            where=str(file.database),
            fix="name the server's own with --data or --database",
        )
    return Database(url, append=lambda _tx, _events: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """Everything that was read, and which rules of both files are compared."""

    past: Past
    changed: System
    present: System
    ours: Callable[[Rule], bool]
    theirs: Callable[[Rule], bool]


def _read(tx: Tx, asked: Asked, end: datetime) -> _Trial:
    version = tx.files.newest()
    if version is None:
        raise NotFound("no reliability file was accepted yet", fix="standfast serve FILE")
    present = read_version(version)
    start = end - _days(asked.days, present)
    changed, ours, theirs = _changed(present, asked)
    keys = keys_of(changed, ours) | keys_of(present, theirs)
    past = _past(tx, (present, changed), keys, start, end)
    return _Trial(past=past, changed=changed, present=present, ours=ours, theirs=theirs)


def _gone_through(trial: _Trial, progress: Callable[[int, int], None]) -> Backtest:
    of = sum(trial.ours(one) for one in rules(trial.changed))
    of += sum(trial.theirs(one) for one in rules(trial.present))
    done = 0

    def one_more() -> None:
        nonlocal done
        done += 1
        progress(done, of)

    tried = replay(trial.changed, trial.past, trial.ours, one_more)
    known = replay(trial.present, trial.past, trial.theirs, one_more)
    return Backtest(
        start=trial.past.start,
        end=trial.past.end,
        changed=tried,
        present=known,
        difference=difference(tried, known),
    )


def _days(days: int, system: System) -> timedelta:
    most = counts_kept(system).days
    if not 1 <= days <= most:
        raise StandfastError(
            f"counts are kept by the minute for {most} days, so that 1 to {most} can be gone through",
            where=f"--days {days}",
            fix=f"ask for at most {most}, or keep more from now on with server.keep_samples",
        )
    return days * _DAY


def _changed(
    present: System, asked: Asked
) -> tuple[System, Callable[[Rule], bool], Callable[[Rule], bool]]:
    """The file to try, and which rules of it and of the present one are compared."""
    changed = spec.read(asked.file, Files()) if asked.file else present
    if not asked.objective:
        return changed, _all, _all
    names = [one.name for one in objectives(changed)]
    if asked.objective not in names:
        raise NotFound(
            f"there is no objective {asked.objective!r}",
            where="--objective",
            fix=f"one of: {', '.join(names[:20]) or 'the file has none'}",
        )
    place = names.index(asked.objective)
    if asked.target or asked.window:
        try:
            changed = laid_over(
                changed,
                asked.objective,
                promise(asked.target).promise if asked.target else None,
                _window(asked.window) if asked.window else None,
            )
        except ValueError as error:
            raise StandfastError(
                str(error),
                where="--target" if asked.target else "--window",
                fix="--target 99.9% --window 30d",
            ) from None
    # An objective may bear its promise in its name, so that with another promise it has another.
    ours = about(objectives(changed)[place])
    before = [one for one in objectives(present) if one.name == asked.objective]
    return changed, ours, about(before[0]) if before else _none


def _all(_: Rule) -> bool:
    return True


def _none(_: Rule) -> bool:
    return False


def _window(text: str) -> timedelta:
    window = duration(text)
    if not _WINDOWS[0] <= window <= _WINDOWS[1] or window % _MINUTE:
        raise ValueError("a window is whole minutes, from 1h to 366d")
    return window


def _past(
    tx: Tx, both: Iterable[System], keys: Collection[str], start: datetime, end: datetime
) -> Past:
    """Back to where the widest window of the first minute begins, time that is left out beside it."""
    longest = max((one.window for system in both for one in objectives(system)), default=_DAY)
    oldest = start - max(longest, _DAY) - _DAY
    exclusions = tx.exclusions.standing(oldest - _DAY)
    since = oldest - _length(exclusions)
    counts = Counts(
        (one for key in sorted(keys) for one in tx.levels.sums([key], since).items()),
        tx.levels.first_seen(),
    )
    windows = {key: [(start, end)] for key in keys}
    if not any(found[0].covered for found in counts.tallies_of(windows).values()):
        raise NotFound(
            f"nothing was counted from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC",
            fix="let `standfast serve` watch for a while, or ask for more --days",
        )
    coarse = {key: at for key, at in tx.levels.coarse_until().items() if key in keys}
    return Past(start=start, end=end, counts=counts, exclusions=exclusions, coarse=coarse)


def _length(exclusions: Iterable[Exclusion]) -> timedelta:
    return sum((one.ends - one.starts for one in exclusions), timedelta(0))
