from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections import Counter
from dataclasses import replace

import deliver_child
import pytest
from paging_system import CHAT, alert, team_system
from receivers import Hook, hook_server, until

from standfast.engine.follow import Follow
from standfast.engine.ports import Change
from standfast.paging.notification import Delivery
from standfast_kit.clock import utc_now

# A server that has imported everything and forks: children are at work in no time.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["standfast.drivers.webhook", "standfast.engine.deliver", "standfast.store.database"]
)
PAGES, KILLS = 120, 8


@pytest.mark.kill
def test_killing_deliverers_at_random_points_loses_no_page(database, database_url, clock) -> None:
    """Two processes send, the receiver fails 5% of the time, one of the two is killed again and again."""
    clock.now = utc_now()
    chance = random.Random(20261120)
    with hook_server(Hook(choose=lambda: 503 if chance.random() < 0.05 else 200)) as hook:
        system = team_system(channels={"chat": replace(CHAT, url=hook.url)})
        children = [Child(database_url, hook.url, f"worker-{n}") for n in range(2)]
        killing = threading.Thread(target=_kill_now_and_then, args=(children, chance))
        killing.start()
        for number in range(PAGES):
            one = alert(fingerprint=f"rule-{number}/web")
            database.write(
                lambda tx, one=one: Change(None, Follow().fired(tx, one, system, clock()))
            )
            time.sleep(0.01)
        killing.join()
        try:
            until(lambda: database.read(lambda tx: tx.outbox.waiting()) == 0, 90)
        finally:
            for child in children:
                child.end()

    arrived = Counter(headers["Idempotency-Key"] for headers, _, code in hook.posts if code == 200)
    assert sum(child.killed for child in children) == KILLS
    assert len(arrived) == PAGES
    rows = database.read(
        lambda tx: [one for page in tx.paging.active() for one in tx.outbox.of_page(page.id)]
    )
    assert {one.state for one in rows} == {Delivery.ARRIVED}
    duplicates = sum(arrived.values()) - PAGES
    assert duplicates <= 2 * KILLS  # at most what two lanes had in hand at each kill


class Child:
    def __init__(self, database_url: str, hook_url: str, name: str) -> None:
        self._arguments = (database_url, hook_url, name)
        self.killed = 0
        self._start()

    def _start(self) -> None:
        ready = FORKS.Event()
        self._process = FORKS.Process(target=deliver_child.main, args=(*self._arguments, ready))
        self._process.start()
        assert ready.wait(90)

    def kill_and_restart(self) -> None:
        self.end()
        self.killed += 1
        self._start()

    def end(self) -> None:
        assert self._process.is_alive(), "it died by itself"
        self._process.kill()
        self._process.join()
        self._process.close()


def _kill_now_and_then(children: list[Child], chance: random.Random) -> None:
    for turn in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.3))
        children[turn % 2].kill_and_restart()
