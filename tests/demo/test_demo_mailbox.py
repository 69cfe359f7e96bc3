"""The mailbox keeps what it is sent, and opens links before anybody reads."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from free_ports import free_port
from standfast.demo.mailbox import Mail, Mailbox
from standfast.demo.processes import wait_until


class Site(ThreadingHTTPServer):
    """Notes who asked for what."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def _note(self) -> None:
        self.server.asked.append((self.command, self.path))
        self.send_response(200)
        self.end_headers()

    do_GET = do_POST = _note  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def open_mailbox(folder: Path, *, refuses: bool = False) -> tuple[Mailbox, int]:
    port = free_port()
    mailbox = Mailbox(folder / "mail", port, refuses=refuses)
    mailbox.open()
    return mailbox, port


def send(port: int, text: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "s@shop.test", "ada@shop.test", "P1 api: down"
    mail.set_content(text)
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as server:
        server.send_message(mail)


def only(mailbox: Mailbox) -> Mail:
    wait_until("the mail is there", mailbox.mails, within=60, every=0.02)
    return mailbox.mails()[0]


def test_a_mail_is_kept_with_its_link(tmp_path: Path, site: Site) -> None:
    mailbox, port = open_mailbox(tmp_path)
    try:
        send(port, f"Why: it is down\n\nAcknowledge: {site.address}/ack/abc\n")
        mail = only(mailbox)
    finally:
        mailbox.close()

    assert (mail.to, mail.subject) == ("ada@shop.test", "P1 api: down")
    assert mail.acknowledges_at == f"{site.address}/ack/abc"
    assert b"it is down" in (tmp_path / "mail" / "001.eml").read_bytes()


def test_every_link_is_opened_by_get_before_the_mail_is_in_the_box(
    tmp_path: Path, site: Site
) -> None:
    mailbox, port = open_mailbox(tmp_path)
    try:
        send(port, f"{site.address}/services/api and {site.address}/ack/abc")
        mail = only(mailbox)
    finally:
        mailbox.close()

    assert site.asked == [("GET", "/services/api"), ("GET", "/ack/abc")]
    assert mail.opened == (200, 200)


def test_a_link_that_leads_nowhere_does_not_lose_the_mail(tmp_path: Path) -> None:
    mailbox, port = open_mailbox(tmp_path)
    try:
        send(port, "http://127.0.0.1:1/ack/abc")
        assert only(mailbox).opened == (0,)
    finally:
        mailbox.close()


def test_a_sabotaged_mailbox_refuses_for_good(tmp_path: Path) -> None:
    mailbox, port = open_mailbox(tmp_path, refuses=True)
    try:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            send(port, "hello")
        assert refused.value.smtp_code == 554
        assert mailbox.mails() == []
    finally:
        mailbox.close()


def test_a_mail_is_in_the_box_only_once_its_file_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox, port = open_mailbox(tmp_path)
    seen, write = [], Path.write_bytes

    def watched(path: Path, content: bytes) -> int:
        seen.append(len(mailbox._box.mails))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", watched)
    try:
        send(port, "hello")
        only(mailbox)
    finally:
        mailbox.close()

    assert seen == [0]
