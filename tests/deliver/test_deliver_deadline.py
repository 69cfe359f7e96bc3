"""Receivers that answer a byte at a time: each is in time by itself, together they never end."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from standfast.drivers.smtp import SmtpSend
from standfast.drivers.webhook import WebhookSend
from standfast.paging.message import Message
from standfast.paging.notification import Outcome
from standfast.spec.calling import Channel
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = timedelta(seconds=0.4)
MESSAGE = Message(
    key="web-down/web/1/abc/0/0/ada/page",
    to="ada@shop.test",
    subject="P1 web: web is down",
    text="Zürich is down\n",
    payload='{"page": "P-1"}',
    severity=Severity.P1,
)


@contextmanager
def dripping(*lines: bytes) -> Iterator[int]:
    """Says `lines` one after each thing that it hears, then goes on with a byte every 50 ms."""
    stop, server = threading.Event(), socket.create_server(("127.0.0.1", 0))
    server.settimeout(90)

    def serve() -> None:
        with server.accept()[0] as wire:
            wire.settimeout(90)
            try:
                for line in lines:
                    wire.sendall(line)
                    wire.recv(65_536)
                while not stop.wait(0.05):
                    wire.sendall(b"x")
            except OSError:
                pass  # it has been cut off, as it deserves

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        server.close()


def mail(port: int) -> Channel:
    return Channel(
        name="page", kind="smtp", wakes=True, host="127.0.0.1", port=port, sender="sf@shop.test"
    )


def hook(port: int) -> Channel:
    return Channel(name="chat", kind="webhook", wakes=False, url=f"http://127.0.0.1:{port}/in")


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        pytest.param((), Outcome.RETRYABLE, id="in its greeting"),
        pytest.param((b"220 hi\r\n",), Outcome.RETRYABLE, id="in its second answer"),
        pytest.param(
            (b"220 hi\r\n", b"250 me\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"),
            Outcome.UNKNOWN,
            id="once it has the mail",
        ),
    ],
)
def test_a_relay_that_drips_is_cut_at_the_deadline(lines, outcome) -> None:
    with dripping(*lines) as port:
        began = monotonic()
        result = SmtpSend()(mail(port), MESSAGE, TIMEOUT)
        took = monotonic() - began

    assert result.outcome is outcome
    assert took < 50
    assert "within 0.4 s" in result.reason


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nX-Long: "], ids=["status", "header"])
def test_a_webhook_that_drips_its_head_is_cut_and_may_have_the_page(head: bytes) -> None:
    with dripping(head) as port:
        began = monotonic()
        result = WebhookSend()(hook(port), MESSAGE, TIMEOUT)
        took = monotonic() - began

    assert result.outcome is Outcome.UNKNOWN
    assert took < 50
    assert "within 0.4 s" in result.reason


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, Outcome.DELIVERED), (503, Outcome.RETRYABLE), (404, Outcome.PERMANENT)],
)
def test_a_status_counts_even_where_the_text_after_it_never_ends(status, outcome) -> None:
    head = f"HTTP/1.1 {status} Said\r\nContent-Length: 50000\r\n\r\n".encode()
    with dripping(head) as port:
        began = monotonic()
        result = WebhookSend()(hook(port), MESSAGE, TIMEOUT)

        assert result.outcome is outcome
        assert monotonic() - began < 50


def test_a_relay_that_hangs_up_early_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        result = SmtpSend()(mail(server.getsockname()[1]), MESSAGE, timedelta(seconds=60))
        thread.join()

    assert result.outcome is Outcome.RETRYABLE


def test_a_babble_after_the_mail_is_no_acceptance() -> None:
    said = (
        b"220 hi\r\n",
        b"250 me\r\n",
        b"250 ok\r\n",
        b"250 ok\r\n",
        b"354 go\r\n",
        b"thanks\r\n",
    )
    with dripping(*said) as port:
        result = SmtpSend()(mail(port), MESSAGE, timedelta(seconds=60))

    assert result.outcome is Outcome.UNKNOWN


def test_a_letter_is_plain_seven_bit_whatever_it_says() -> None:
    letter = SmtpSend()._mail(mail(25), MESSAGE)

    assert letter.as_bytes().isascii()
    assert letter.get_content() == MESSAGE.text
    assert letter["Message-ID"] == MESSAGE.message_id
