"""The spool keeps every frame that it has answered for, whatever is done to it."""

import errno
import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast_kit.spool import Spool, SpoolBusy, SpoolFull, decode, encode


def payload(n: int, size: int = 0) -> bytes:
    return json.dumps({"counter": n, "text": "x" * size}).encode()


def counters(spool: Spool, limit: int = 10**6) -> list[int]:
    return [json.loads(frame.payload)["counter"] for frame in spool.pending(limit, 1 << 30)]


@given(st.lists(st.binary(max_size=50)), st.data())
def test_a_torn_or_flipped_frame_ends_the_reading_and_harms_none_before(
    payloads: list[bytes], data: st.DataObject
) -> None:
    frames = [encode(one) for one in payloads]
    whole = b"".join(frames)
    assert [one for _, one in decode(whole)] == payloads
    if not whole:
        return
    place = data.draw(st.integers(0, len(whole) - 1))
    intact, end = 0, 0
    for frame in frames:
        end += len(frame)
        if end > place:
            break
        intact += 1
    assert [one for _, one in decode(whole[:place])] == payloads[:intact]
    flipped = whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]
    assert [one for _, one in decode(flipped)] == payloads[:intact]


def test_frames_outlive_the_process_and_come_back_in_order(tmp_path: Path) -> None:
    first = Spool(tmp_path, segment_bytes=200)
    for n in range(1, 31):
        first.sync(first.append(payload(n)))
    first.close()
    again = Spool(tmp_path)
    assert counters(again) == list(range(1, 31))
    assert (again.waiting, again.counter) == (30, 30)
    assert len(list(tmp_path.glob("*.log"))) > 3
    again.close()


def test_delivered_segments_go_and_the_rest_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=200)
    for n in range(1, 31):
        spool.append(payload(n))
    before = spool.size()
    spool.delivered(spool.pending(20))
    assert spool.size() < before
    assert counters(spool) == list(range(21, 31))
    spool.delivered(spool.pending(100))
    assert counters(spool) == []
    spool.close()
    again = Spool(tmp_path)
    assert (counters(again), again.waiting, again.counter) == ([], 0, 30)
    again.append(payload(31))
    again.delivered(again.pending(100))
    assert len(list(tmp_path.glob("*.log"))) == 1
    again.close()


def test_whoever_waits_until_nothing_waits_finds_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, seen, unlink = Spool(tmp_path, segment_bytes=200), [], Path.unlink
    for n in range(1, 31):
        spool.append(payload(n))

    def watched(path: Path, **terms: bool) -> None:
        seen.append(spool.waiting)
        unlink(path, **terms)

    monkeypatch.setattr(Path, "unlink", watched)
    spool.delivered(spool.pending(100))
    assert seen
    assert min(seen) > 0
    assert spool.waiting == 0
    spool.close()


def test_batches_are_bounded_by_number_and_by_bytes_and_jump_over_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=5000)
    for n in range(1, 101):
        spool.append(payload(n, 500))
    assert len(spool.pending(7)) == 7
    seen: list[int] = []
    while frames := spool.pending(50, max_bytes=2000):
        assert len(frames) <= 4
        seen += [json.loads(frame.payload)["counter"] for frame in frames]
        spool.delivered(frames)
    assert seen == list(range(1, 101))
    spool.close()


def test_a_torn_tail_is_cut_and_kept_aside(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(payload(1))
    spool.append(payload(2))
    spool.close()
    (segment,) = tmp_path.glob("*.log")
    data = segment.read_bytes()
    segment.write_bytes(data[:-3])
    again = Spool(tmp_path)
    assert counters(again) == [1]
    assert again.damaged == len(data) // 2 - 3
    assert len(list(tmp_path.glob("*.torn"))) == 1
    again.append(payload(2))
    assert counters(again) == [1, 2]
    again.close()


def test_only_one_process_writes_to_a_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(SpoolBusy):
        Spool(tmp_path)
    spool.close()
    Spool(tmp_path).close()


def test_it_is_bounded_and_keeps_room_for_what_must_be_said(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=1000)
    while spool.size() + 100 < 1000:
        spool.append(payload(1))
    with pytest.raises(SpoolFull, match="holds"):
        spool.append(payload(2, 200))
    assert spool.size() <= 1000
    spool.append(payload(101), urgent=True)
    spool.close()


def test_a_disk_that_refuses_in_mid_frame_leaves_no_half_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.append(payload(1))
    write = os.write

    def full(fd: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", refuse)
        return write(fd, data[:5])

    def refuse(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(SpoolFull, match="No space"):
        spool.append(payload(2))
    monkeypatch.setattr(os, "write", write)
    spool.append(payload(3))
    assert counters(spool) == [1, 3]
    spool.close()


def test_a_failed_sync_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool, sync = Spool(tmp_path), os.fdatasync
    first, second = spool.append(payload(1)), spool.append(payload(2))

    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(SpoolFull, match="synced"):
        spool.sync(second)
    monkeypatch.setattr(os, "fdatasync", sync)
    with pytest.raises(SpoolFull, match="synced"):
        spool.sync(first)
    spool.sync(spool.append(payload(3)))
    spool.close()


def test_what_was_written_without_waiting_is_synced_when_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, synced, sync = Spool(tmp_path, segment_bytes=200), set(), os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (synced.add(os.fstat(fd).st_ino), sync(fd)))
    for n in range(1, 31):
        spool.append(payload(n))
    spool.close()
    assert synced == {path.stat().st_ino for path in tmp_path.glob("*.log")}


def test_one_sync_serves_many_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool, syncs, sync = Spool(tmp_path, segment_bytes=400), [], os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (syncs.append(fd), sync(fd)))

    def work(start: int) -> None:
        for n in range(50):
            spool.sync(spool.append(payload(start + n)))

    threads = [threading.Thread(target=work, args=(100 * t,)) for t in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.close()
    monkeypatch.undo()
    again = Spool(tmp_path)
    assert len(counters(again)) == 400
    again.close()
