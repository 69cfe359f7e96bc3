"""Writes to a log, and says on its standard output which number is durable, until it is killed."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from audit_log import SEEN, open_log

from standfast.engine.ports import Change
from standfast_kit.clock import utc_now

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    log = open_log(f"sqlite:///{folder / 'standfast.db'}", folder, utc_now)
    told = threading.Lock()

    def write(thread: int) -> None:
        for number in range(100_000):
            event = type(SEEN)(type=f"child.{thread}.{number}", category="operations")
            log.database.write(lambda tx, event=event: Change(None, (event,)))
            with told:
                print(event.type, flush=True)

    for thread in range(4):
        threading.Thread(target=write, args=(thread,), daemon=True).start()
    while True:
        log.checkpoint()
