"""Carries events from the spool to the audit server: at least once here, exactly once by id there."""

from __future__ import annotations

import http.client
import json
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from standfast_kit.secret import check_reference, read_secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast_kit.spool import Frame, Spool

log = logging.getLogger("standfast_kit.audit")

PATH = "/api/v1/audit/events"
BATCH = 500
UNREADABLE = frozenset({400, 413, 422})
"""The server will never take this batch as it is: smaller ones find the event at fault."""
ANSWER_LIMIT = 1 << 20


class NotSent(Exception):
    """The server did not take the batch; it stays in the spool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a batch; `rejected` is reason by place in the batch."""

    accepted: int
    duplicates: int
    rejected: dict[int, str]


class Server:
    """An endpoint of standfast, the audit log's where no other is named; the token is read by reference
    at each request."""

    def __init__(self, url: str, token: str, timeout: float = 10.0, *, path: str = PATH) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address of standfast; write https://host[:port]")
        self._https, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._path, self._timeout = parts.path.rstrip("/") + path, timeout
        self._token = check_reference(token)

    def post(self, body: bytes) -> tuple[int, bytes]:
        """Status and answer; raises NotSent when there is none."""
        kind = http.client.HTTPSConnection if self._https else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout)
        headers = {"Content-Type": "application/json"}
        if token := read_secret(self._token):
            headers["Authorization"] = f"Bearer {token}"
        try:
            connection.request("POST", self._path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(ANSWER_LIMIT)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotSent(f"{self._host}: {type(error).__name__}") from error
        finally:
            connection.close()


class Forwarder:
    """Sends a spool's frames in order, in batches, keeping aside what the server refuses."""

    def __init__(self, post: Callable[[bytes], tuple[int, bytes]]) -> None:
        self._post, self._limit, self._lock = post, BATCH, threading.Lock()
        self.accepted = self.duplicates = self.rejected = 0

    def fresh(self) -> Forwarder:
        """The same way out with its own lock and counts, for a forked child."""
        return Forwarder(self._post)

    def send(self, spool: Spool, producer: str) -> int:
        """Send one batch and return how many events are settled; raises NotSent."""
        with self._lock:
            frames = spool.pending(self._limit)
            if not frames:
                return 0
            answer = self._answered(frames, producer)
            if answer is None:
                return self.send_smaller(len(frames))
            for place, reason in sorted(answer.rejected.items()):
                spool.keep_aside("rejected.jsonl", _rejected(frames[place], reason))
            # Before nothing waits any more: whoever waits for that reads these next.
            self.accepted += answer.accepted
            self.duplicates += answer.duplicates
            self.rejected += len(answer.rejected)
            self._limit = min(BATCH, self._limit * 2)
            spool.delivered(frames)
            return len(frames)

    def send_smaller(self, size: int) -> int:
        """Nothing is settled yet; the next batch is half as large."""
        self._limit = max(1, size // 2)
        return 1

    def _answered(self, frames: list[Frame], producer: str) -> Answer | None:
        events = b",".join(frame.payload for frame in frames)
        body = b'{"producer":%s,"events":[%s]}' % (json.dumps(producer).encode(), events)
        status, text = self._post(body)
        if status in UNREADABLE:
            alone = Answer(accepted=0, duplicates=0, rejected={0: f"HTTP {status}"})
            return alone if len(frames) == 1 else None
        if status != 200:
            raise NotSent(f"HTTP {status}")
        return read_answer(text, len(frames))


def read_answer(text: bytes, sent: int) -> Answer:
    """The server's words; NotSent unless they account for every event of the batch."""
    try:
        said = json.loads(text)
        rejected = {int(one["index"]): str(one["reason"]) for one in said["rejected"]}
        answer = Answer(
            accepted=int(said["accepted"]), duplicates=int(said["duplicates"]), rejected=rejected
        )
    except (ValueError, KeyError, TypeError) as error:
        raise NotSent("the answer is not understood") from error
    known = all(0 <= place < sent for place in rejected)
    if not known or answer.accepted + answer.duplicates + len(rejected) != sent:
        raise NotSent("the answer does not account for every event")
    return answer


def _rejected(frame: Frame, reason: str) -> bytes:
    return b'{"reason":%s,"event":%s}' % (json.dumps(reason).encode(), frame.payload)
