"""Telling every open page, from whichever thread the news or the end comes."""

from __future__ import annotations

import asyncio
import threading

import pytest

from standfast.web.live import Revisions


def test_only_the_loop_touches_the_streams_whoever_tells_the_end() -> None:
    """Pages close on the loop while a signal or another thread ends all of them."""
    revisions, touched = Revisions(lambda: ""), []
    tell = revisions._tell

    def watched() -> None:
        touched.append(threading.current_thread())
        tell()

    revisions._tell = watched  # type: ignore[method-assign]

    async def story() -> list[str]:
        revisions.start(asyncio.get_running_loop())
        stream = revisions.stream()
        assert stream
        events = aiter(stream.body_iterator)
        first = await anext(events)
        ending = threading.Thread(target=revisions.stop)
        ending.start()
        ending.join()
        return [first, *[one async for one in events]]

    said = asyncio.run(story())

    assert said == ["retry: 2000\nevent: beat\ndata: \n\n"]
    assert touched == [threading.main_thread()]
    assert revisions.stream() is None


def test_news_and_an_end_that_come_after_the_loop_do_no_harm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, numbers = threading.Event(), iter(range(1_000_000))

    def revision() -> str:
        asked.set()
        return str(next(numbers))

    revisions = Revisions(revision, every=0.001)

    async def story() -> None:
        revisions.start(asyncio.get_running_loop())

    asyncio.run(story())
    assert revisions._loop
    # It ends right behind the question.
    monkeypatch.setattr(revisions._loop, "is_closed", lambda: False)
    asked.clear()
    assert asked.wait(60)
    asked.clear()
    assert asked.wait(60)  # it has told a loop that was closed, and goes on
    revisions.stop()
    revisions._thread.join(60)
    assert not revisions._thread.is_alive()
    monkeypatch.undo()
