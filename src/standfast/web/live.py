"""Live pages: one thread looks whether anything changed and tells every open page.

No query per reader, no session of the database held: the thread reads one revision a second, and the
streams wait on the loop. Streams end by themselves at shutdown and after a quarter of an hour.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from standfast_kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

_BEAT = 8.0  # seconds between signs of life
_LONGEST = 900.0
_MOST = 200  # streams open at once


class Revisions:
    """Fans one polled revision out to every stream."""

    def __init__(self, revision: Callable[[], str], every: float = 1.0) -> None:
        self._revision, self._every = revision, every
        self._stop = threading.Event()
        self._waiting: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._poll, name="standfast-live", daemon=True)
        self.closed = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """From any thread, a signal's handler among them: every stream sees the end at once."""
        self.closed = True
        self._stop.set()
        self._soon()

    def _poll(self) -> None:
        last = ""
        while not self._stop.wait(self._every):
            try:
                now = self._revision()
            except Exception:  # noqa: BLE001, S112 - the pages say by themselves that they are not live
                continue
            if now != last:
                last = now
                self._soon()

    def _soon(self) -> None:
        """On the loop's thread, which alone may touch the streams; a loop that has ended has none."""
        if self._loop is not None:
            with suppress(RuntimeError):  # asking first whether it is closed would be too early
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        for event in self._waiting:
            event.set()

    def stream(self) -> StreamingResponse | None:
        """A stream of events, or None where too many are open already."""
        if len(self._waiting) >= _MOST or self.closed:
            return None
        return StreamingResponse(
            self._events(), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
        )

    async def _events(self) -> AsyncIterator[str]:
        changed = asyncio.Event()
        self._waiting.add(changed)
        until = monotonic() + _LONGEST
        try:
            yield "retry: 2000\nevent: beat\ndata: \n\n"
            while not self.closed and monotonic() < until:
                try:
                    await asyncio.wait_for(changed.wait(), _BEAT)
                except TimeoutError:
                    yield "event: beat\ndata: \n\n"
                    continue
                changed.clear()
                if not self.closed:
                    yield "event: changed\ndata: \n\n"
        finally:
            self._waiting.discard(changed)
