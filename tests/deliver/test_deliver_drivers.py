from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from paging_system import CHAT, MAIL
from receivers import Hook, Mailbox, hook_server, mail_server

from free_ports import free_port
from standfast.drivers.secrets import resolve
from standfast.drivers.smtp import SmtpSend
from standfast.drivers.webhook import WebhookSend, signature
from standfast.errors import SourceError
from standfast.paging.message import Message, message_id
from standfast.paging.notification import Outcome
from standfast.spec.values import SecretRef, Severity

SOON = timedelta(seconds=60)
MESSAGE = Message(
    key="web-down/1",
    to="ada@shop.test",
    subject="P1 web: Übergang kaputt",
    text="Why: naïve\n.\nA line with one dot above.\n",
    payload='{"page":"P-1"}',
    severity=Severity.P1,
)


def test_mail_arrives_whole_with_its_key_as_message_id() -> None:
    with mail_server() as box:
        result = SmtpSend()(replace(MAIL, port=box.port), MESSAGE, SOON)

    to, text = box.mails[0]
    assert (result.outcome, to) == (Outcome.ACCEPTED, "ada@shop.test")
    assert "4711" in result.provider_id
    assert f"Message-ID: {message_id('web-down/1')}" in text
    assert "A line with one dot above." in text


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("550 no such user", Outcome.PERMANENT), ("450 mailbox busy", Outcome.RETRYABLE)],
)
def test_a_refused_address_is_classed_by_the_servers_code(answer: str, outcome: Outcome) -> None:
    with mail_server(Mailbox(refuse={"ada@shop.test": answer})) as box:
        result = SmtpSend()(replace(MAIL, port=box.port), MESSAGE, SOON)

    assert result.outcome is outcome
    assert answer[:3] in result.reason
    assert box.mails == []


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("554 spam", Outcome.PERMANENT), ("451 try later", Outcome.RETRYABLE)],
)
def test_a_refused_text_is_classed_by_the_servers_code(answer: str, outcome: Outcome) -> None:
    with mail_server(Mailbox(answer=answer)) as box:
        assert SmtpSend()(replace(MAIL, port=box.port), MESSAGE, SOON).outcome is outcome


def test_a_mail_server_that_is_down_may_come_back() -> None:
    result = SmtpSend()(replace(MAIL, port=free_port()), MESSAGE, SOON)

    assert result.outcome is Outcome.RETRYABLE
    assert "refused" in result.reason.lower()


def test_a_slow_mail_server_is_cut_off_and_may_have_the_mail() -> None:
    began = time.monotonic()
    with mail_server(Mailbox(slow=90)) as box:
        result = SmtpSend()(replace(MAIL, port=box.port), MESSAGE, timedelta(seconds=0.3))

    assert result.outcome is Outcome.UNKNOWN
    assert time.monotonic() - began < 60


def test_a_server_without_tls_is_not_trusted_where_tls_is_asked_for() -> None:
    with mail_server() as box:
        result = SmtpSend()(replace(MAIL, port=box.port, tls=True), MESSAGE, SOON)

    assert result.outcome is Outcome.PERMANENT
    assert box.mails == []


def test_a_missing_password_is_said_without_the_password(monkeypatch) -> None:
    monkeypatch.setenv("SF_USER", "standfast")
    monkeypatch.delenv("SF_PASSWORD", raising=False)
    channel = replace(
        MAIL,
        username=SecretRef(kind="env", name="SF_USER"),
        password=SecretRef(kind="env", name="SF_PASSWORD"),
    )
    with mail_server() as box:
        result = SmtpSend()(replace(channel, port=box.port), MESSAGE, SOON)

    assert result.outcome is Outcome.PERMANENT
    assert "SF_PASSWORD" in result.reason


def test_a_webhook_is_signed_and_carries_its_key(monkeypatch) -> None:
    monkeypatch.setenv("SF_SIGN", "hush")
    with hook_server() as hook:
        channel = replace(CHAT, url=hook.url, secret=SecretRef(kind="env", name="SF_SIGN"))
        result = WebhookSend()(channel, MESSAGE, SOON)

    headers, body, _ = hook.posts[0]
    signed = headers["X-Standfast-Signature"]
    stamp = signed.split(",")[0].removeprefix("t=")
    assert result.outcome is Outcome.DELIVERED
    assert headers["Idempotency-Key"] == message_id(MESSAGE.key).strip("<>")
    assert signed == signature("hush", stamp, body)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (202, Outcome.ACCEPTED), (301, Outcome.PERMANENT), (400, Outcome.PERMANENT),
        (404, Outcome.PERMANENT), (408, Outcome.RETRYABLE), (429, Outcome.RETRYABLE),
        (500, Outcome.RETRYABLE), (503, Outcome.RETRYABLE),
    ],
)  # fmt: skip
def test_a_webhooks_answer_is_classed_by_its_status(status: int, outcome: Outcome) -> None:
    with hook_server(Hook(answers=[(status, {})])) as hook:
        assert WebhookSend()(replace(CHAT, url=hook.url), MESSAGE, SOON).outcome is outcome


def test_retry_after_is_heard() -> None:
    with hook_server(Hook(answers=[(429, {"Retry-After": "37"})])) as hook:
        result = WebhookSend()(replace(CHAT, url=hook.url), MESSAGE, SOON)

    assert result.retry_after == timedelta(seconds=37)


def test_a_hanging_webhook_is_left_and_may_have_the_message() -> None:
    with hook_server(Hook(hang=120)) as hook:
        result = WebhookSend()(replace(CHAT, url=hook.url), MESSAGE, timedelta(seconds=0.3))

    assert result.outcome is Outcome.UNKNOWN


def test_the_address_of_a_webhook_never_shows(caplog) -> None:
    caplog.set_level(logging.DEBUG)
    secret = f"http://127.0.0.1:{free_port()}/very-secret"

    result = WebhookSend()(replace(CHAT, url=secret), MESSAGE, SOON)

    assert result.outcome is Outcome.RETRYABLE
    assert "very-secret" not in result.reason
    assert "very-secret" not in caplog.text


def test_a_secret_is_read_from_a_file_when_it_is_needed(tmp_path) -> None:
    file = tmp_path / "secret"
    file.write_text("hush\n")
    ref = SecretRef(kind="file", name=str(file))

    assert resolve(ref) == "hush"
    file.write_text("other\n")
    assert resolve(ref) == "other"
    file.unlink()
    with pytest.raises(SourceError, match="cannot be read"):
        resolve(ref)
