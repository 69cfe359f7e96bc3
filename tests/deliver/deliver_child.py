"""What a process of the kill test does: deliver until it is killed."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from datetime import timedelta

from paging_system import CHAT, team_system

from standfast.drivers.webhook import WebhookSend
from standfast.engine.deliver import Deliver
from standfast.store.database import Database


def main(database_url: str, hook_url: str, name: str, ready) -> None:
    store = Database(database_url, append=lambda tx, events: None)
    system = team_system(channels={"chat": replace(CHAT, url=hook_url)})
    deliver = Deliver(
        store,
        {"webhook": WebhookSend()},
        chance=lambda: secrets.token_urlsafe(32),
        owner=name,
        lease=timedelta(seconds=1.5),
        send_timeout=timedelta(seconds=1),
    )
    ready.set()
    while True:
        deliver.tick(system, store.read(lambda tx: tx.now()))
        deliver.finish(1)
        time.sleep(0.01)
