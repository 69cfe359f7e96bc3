"""Tells standfast that a job began, ended or failed; the job itself is never held up for long, nor broken."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING
from urllib.parse import quote

from standfast_kit import clock as clocks
from standfast_kit.forwarder import NotSent, Server

if TYPE_CHECKING:
    from types import TracebackType

log = logging.getLogger("standfast_kit.heartbeat")

PATH = "/api/v1/heartbeats/"


class Heartbeat:
    """`with Heartbeat("invoices", url, "env:TOKEN"): ...` tells begin, end and duration, and a failure as one.

    `token` is a reference (`env:NAME` or `file:/path`). What cannot be told is logged: standfast misses
    a job that it does not hear of.
    """

    def __init__(
        self,
        name: str,
        url: str,
        token: str,
        *,
        timeout: float = 5.0,
        monotonic: clocks.Monotonic = clocks.monotonic,
    ) -> None:
        self.name, self._monotonic = name, monotonic
        self._server = Server(url, token, timeout, path=PATH + quote(name, safe=""))
        self._began: float | None = None

    def start(self) -> bool:
        """The job begins; False where nobody could be told."""
        self._began = self._monotonic()
        return self._tell({"state": "start"})

    def finish(self) -> bool:
        """The job ended well."""
        return self._tell({"state": "finish", **self._took()})

    def fail(self, because: str = "") -> bool:
        """The job failed."""
        return self._tell({"state": "fail", "because": because[:500], **self._took()})

    def __enter__(self) -> Heartbeat:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None or (isinstance(error, SystemExit) and not error.code):
            self.finish()
        else:
            self.fail(kind.__name__)  # the message may hold what nobody else should read

    def _took(self) -> dict[str, float]:
        began, self._began = self._began, None
        return {} if began is None else {"seconds": self._monotonic() - began}

    def _tell(self, said: dict[str, object]) -> bool:
        try:
            status, _ = self._server.post(json.dumps(said).encode())
        except NotSent as error:
            log.warning("heartbeat %s was not told: %s", self.name, error)
            return False
        except Exception:  # whatever it is, it is not the job's trouble
            log.exception("heartbeat %s was not told", self.name)
            return False
        if status != 200:
            log.warning("heartbeat %s was not taken: HTTP %s", self.name, status)
        return status == 200
