"""Trying out: test pages are asked for and answered; what goes out goes through the outbox of real pages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import Actor, Event, Target
from standfast.engine.ports import Change, Store
from standfast.errors import NotAllowed, NotFound
from standfast.paging.reachable import asked
from standfast.paging.token import AckToken, digest
from standfast.paging.trial import Trial, answered, posted, trial
from standfast.spec.named import known, person_of
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from standfast.paging.notification import Notification
    from standfast.spec.system import System

_AGAIN = timedelta(minutes=1)
"""Whoever asks twice within it means the same test: nobody's telephone rings for each click."""


class TrialPort(Protocol):
    def add(self, trial: Trial) -> None: ...
    def save(self, trial: Trial) -> None: ...
    def trial(self, id: str, *, lock: bool = False) -> Trial | None: ...  # noqa: A002 - its id is called that
    def standing(self) -> tuple[Trial, ...]: ...


class OutboxPort(Protocol):
    def post(self, posts: Iterable[Notification]) -> None: ...


class TokenPort(Protocol):
    def token(self, digest: str) -> AckToken | None: ...


class TryOutTx(Protocol):
    @property
    def trials(self) -> TrialPort: ...
    @property
    def outbox(self) -> OutboxPort: ...
    @property
    def paging(self) -> TokenPort: ...


class TryOut:
    def __init__(
        self,
        store: Store[TryOutTx],
        system: Callable[[], System],
        *,
        chance: Callable[[], str],
        clock: Clock = utc_now,
    ) -> None:
        self._store, self._system, self._chance, self._clock = store, system, chance, clock

    def ask(
        self, by: Actor, people: Sequence[str] = (), channels: Sequence[str] = (), via: str = "web"
    ) -> tuple[Trial, ...]:
        """Send a test page by every way that is meant; no names mean all of them.

        Raises NotFound for a person or a channel that the file does not name, and where nothing leads to them.
        """
        system, now = self._system(), self._clock()
        for person in people:
            person_of(system, person)
        for channel in channels:
            known("channel", channel, system.channels)
        ids = {way: "T-" + digest(self._chance())[:12] for way in asked(system, people, channels)}
        if not ids:
            raise NotFound(
                f"no channel of the file leads to {' or '.join(people) or 'anybody'}",
                fix="give them an `email:` or `phone:`, or add a channel under `channels:`",
            )

        def work(tx: TryOutTx) -> Change[tuple[Trial, ...]]:
            running = {
                (one.person, one.channel): one
                for one in tx.trials.standing()
                if one.waits(now) and now - one.asked_at < _AGAIN
            }
            found, events = list[Trial](), list[Event]()
            for (person, channel), id_ in ids.items():
                one = running.get((person, channel))
                if one is None:
                    one = trial(id_, person, channel, system, by=by.id, now=now)
                    tx.trials.add(one)
                    tx.outbox.post([posted(one)])
                    events.append(_event("channel.test-asked", one, by, via, _asked_words(one)))
                found.append(one)
            return Change(tuple(found), tuple(events))

        return self._store.write(work)

    def by_code(self, code: str) -> Trial:
        """What a test's link shows; changes nothing. Raises NotFound, or NotAllowed where it is too late."""
        return self._store.read(lambda tx: _shown(tx, code, self._clock()))

    def answer(
        self,
        code: str,
        by: Actor | None = None,
        *,
        via: str = "link",
        ip_address: str | None = None,
    ) -> Trial:
        """Whoever has the code has the message: that is the proof. Without `by` it is whom it was sent to."""
        now = self._clock()

        def work(tx: TryOutTx) -> Change[Trial]:
            shown = _shown(tx, code, now)
            before = tx.trials.trial(shown.id, lock=True) or shown
            who = by or Actor(
                type="user", id=before.person or "whoever has the link", ip_address=ip_address
            )
            after = answered(before, who.id, via, now)
            if after == before:
                return Change(before)
            tx.trials.save(after)
            return Change(
                after, (_event("channel.verified", after, who, via, _answer_words(after)),)
            )

        return self._store.write(work)


def _shown(tx: TryOutTx, code: str, now: datetime) -> Trial:
    token = tx.paging.token(digest(code))
    found = tx.trials.trial(token.page) if token else None
    if token is None or found is None:
        raise NotFound("no test page has this code", fix="copy it from the newest test page")
    if not token.valid(code, now) and found.answered_at is None:
        raise NotAllowed(
            "the time to answer this test is over", fix="send another: standfast on-call test"
        )
    return found


def _event(kind: str, one: Trial, by: Actor, via: str, said: str) -> Event:
    return Event(
        type=kind,
        category="operations",
        actor=by,
        description=said,
        target=Target(type="channel test", id=one.id),
        context={
            "person": one.person,
            "channel": one.channel,
            "via": via,
            "took": one.took.total_seconds() if one.took is not None else None,
        },
    )


def _who(one: Trial) -> str:
    return one.person or "its own receiver"


def _asked_words(one: Trial) -> str:
    return f"a test page by {one.channel} to {_who(one)}"


def _answer_words(one: Trial) -> str:
    seconds = int(one.took.total_seconds()) if one.took is not None else 0
    return f"{one.channel} reaches {_who(one)}: the test page was answered after {seconds} s"
