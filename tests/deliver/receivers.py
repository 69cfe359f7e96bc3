"""Real receivers on free loopback ports: a mail server and a webhook, each as good or bad as told."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller

from free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Mailbox:
    """aiosmtpd's handler: keeps what arrives, refuses whom it is told to refuse."""

    refuse: dict[str, str] = field(default_factory=dict)  # address -> answer
    answer: str = "250 OK queued as 4711"
    slow: float = 0
    mails: list[tuple[str, str]] = field(default_factory=list)  # to, text
    port: int = 0

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802 - aiosmtpd's name
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.slow:
            import asyncio

            await asyncio.sleep(self.slow)
        if self.answer.startswith("2"):
            self.mails.append((envelope.rcpt_tos[0], envelope.content.decode()))
        return self.answer


@contextmanager
def mail_server(mailbox: Mailbox | None = None, port: int = 0) -> Iterator[Mailbox]:
    mailbox = mailbox or Mailbox()
    mailbox.port = port or free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, ready_timeout=60)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


@dataclass
class Hook:
    """Answers by turns from `answers`: status, headers; the last one for ever."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=lambda: [(200, {})])
    choose: Callable[[], int] | None = None
    hang: float = 0
    posts: list[tuple[dict[str, str], bytes, int]] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    released: threading.Event = field(default_factory=threading.Event)

    def next(self) -> tuple[int, dict[str, str]]:
        with self.lock:
            if self.choose is not None:
                return self.choose(), {}
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def hook_server(hook: Hook | None = None) -> Iterator[Hook]:
    hook = hook or Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if hook.hang:
                hook.released.wait(hook.hang)
            status, headers = hook.next()
            with hook.lock:
                hook.posts.append((dict(self.headers), body, status))
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                pass  # the sender has gone

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hook.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hook
    finally:
        hook.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a condition, not for a time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
