"""A mailbox of the demo's own: keeps every mail as a file, and opens its links as scanners do."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx2
from aiosmtpd.controller import Controller

from standfast_kit.clock import monotonic

_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    arrived: float  # of the monotonic clock
    to: str
    subject: str
    text: str
    links: tuple[str, ...]
    opened: tuple[int, ...]  # what the scanner was answered, link by link

    @property
    def acknowledges_at(self) -> str | None:
        return next((link for link in self.links if "/ack/" in link), None)


@dataclass(slots=True)
class _Box:
    folder: Path
    refuses: bool
    lock: threading.Lock = field(default_factory=threading.Lock)
    mails: list[Mail] = field(default_factory=list)


class Mailbox:
    """`refuses` makes it turn away everything, as a broken mail server would."""

    def __init__(self, folder: Path, port: int, *, refuses: bool = False) -> None:
        folder.mkdir(exist_ok=True)
        self._box = _Box(folder, refuses)
        self._scanner = ThreadPoolExecutor(1, thread_name_prefix="mail-scanner")
        self._controller = Controller(
            _Handler(self._box, self._scanner),
            hostname="127.0.0.1",
            port=port,
            ready_timeout=60,  # the five seconds of its own are too few while everything starts at once
        )

    def open(self) -> None:
        self._controller.start()

    def close(self) -> None:
        self._controller.stop()
        self._scanner.shutdown(wait=True)

    def mails(self, wanted: Callable[[Mail], bool] = lambda _: True) -> list[Mail]:
        with self._box.lock:
            return [mail for mail in self._box.mails if wanted(mail)]


class _Handler:
    def __init__(self, box: _Box, scanner: ThreadPoolExecutor) -> None:
        self._box, self._scanner = box, scanner

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self._box.refuses:
            return "554 5.7.1 this mailbox takes nothing"
        self._scanner.submit(_receive, self._box, envelope.content, list(envelope.rcpt_tos))
        return "250 taken"


def _receive(box: _Box, content: bytes, receivers: list[str]) -> None:
    """Scan first and deliver then: a mail that is in the box has had all its links opened."""
    parsed = message_from_bytes(content, policy=policy.default)
    body = parsed.get_body(("plain",))
    text = body.get_content() if body else ""
    links = tuple(_LINK.findall(text))
    arrived = monotonic()
    mail = Mail(
        arrived=arrived, to=", ".join(receivers), subject=str(parsed["subject"]), text=text,
        links=links, opened=tuple(_opened(link) for link in links),
    )  # fmt: skip
    with box.lock:
        (box.folder / f"{len(box.mails) + 1:03}.eml").write_bytes(content)
        box.mails.append(mail)  # once its file is there


def _opened(link: str) -> int:
    try:
        return httpx2.get(link, timeout=3, trust_env=False, follow_redirects=True).status_code
    except httpx2.HTTPError:
        return 0
