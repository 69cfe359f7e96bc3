"""A mail that is cut off for being late, wherever in the conversation that finds it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from paging_system import MAIL
from receivers import mail_server

from standfast.drivers.smtp import SmtpSend, _Conversation
from standfast.paging.message import Message
from standfast.paging.notification import Outcome
from standfast.spec.values import Severity

MESSAGE = Message(
    key="k", to="ada@shop.test", subject="s", text="t", payload="{}", severity=Severity.P1
)


@pytest.mark.parametrize(
    ("at", "outcome"), [("mail", Outcome.RETRYABLE), ("data", Outcome.UNKNOWN)]
)
def test_one_that_is_cut_between_two_answers_is_said_to_be_late(
    at: str, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wire takes nothing more then, and smtplib knows nothing better than that it is gone."""
    say = getattr(_Conversation, at)

    def late(talk: _Conversation, *words: object) -> object:
        talk.cut()
        return say(talk, *words)

    monkeypatch.setattr(_Conversation, at, late)
    with mail_server() as box:
        result = SmtpSend()(replace(MAIL, port=box.port), MESSAGE, timedelta(seconds=60))

    assert result.outcome is outcome
    assert result.reason.endswith("no whole answer within 60 s")
    assert box.mails == []
