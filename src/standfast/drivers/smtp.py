"""Mail by SMTP, with the class of every answer that a server can give."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import closing, contextmanager, suppress
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from standfast.drivers.secrets import resolve
from standfast.errors import SourceError
from standfast.paging.notification import Outcome, Result
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

    from standfast.paging.message import Message
    from standfast.spec.system import Channel
    from standfast.spec.values import SecretRef

_IMPLICIT_TLS = 465
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_REASON = 300  # characters


class SmtpSend:
    """Sends one message per call: `engine.deliver.Send`."""

    def __init__(
        self, secret: Callable[[SecretRef], str] = resolve, clock: Clock = utc_now
    ) -> None:
        self._secret, self._clock = secret, clock

    def __call__(self, channel: Channel, message: Message, timeout: timedelta) -> Result:
        where = f"{channel.host}:{channel.port}"
        handed_over = False
        try:
            mail = self._mail(channel, message)
            with _connected(channel, timeout.total_seconds()) as server:
                self._greet(server, channel)
                _expect(server.mail(channel.sender))
                _expect(server.rcpt(message.to))
                handed_over = True
                code, answer = server.data(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")))
                _expect((code, answer))
        except smtplib.SMTPResponseException as error:
            return _refused(error, where)
        except (smtplib.SMTPNotSupportedError, SourceError, MessageError, ValueError) as error:
            return Result(outcome=Outcome.PERMANENT, reason=f"{where}: {_text(error)}")
        except (smtplib.SMTPException, OSError) as error:
            # Cut off after the text was handed over, the server may have taken it.
            outcome = Outcome.UNKNOWN if handed_over else Outcome.RETRYABLE
            return Result(outcome=outcome, reason=f"{where}: {_text(error)}")
        return Result(outcome=Outcome.ACCEPTED, provider_id=_decoded(answer))

    def _greet(self, server: smtplib.SMTP, channel: Channel) -> None:
        server.ehlo_or_helo_if_needed()
        secured = channel.tls and channel.port == _IMPLICIT_TLS
        if channel.tls and not secured:
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
            secured = True
        if channel.username is None or channel.password is None:
            return
        if not secured and channel.host not in _LOOPBACK:
            raise SourceError("a login without TLS would show the password", fix="write tls: true")
        server.login(self._secret(channel.username), self._secret(channel.password))

    def _mail(self, channel: Channel, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = message.subject
        mail["From"] = channel.sender
        mail["To"] = message.to
        mail["Date"] = format_datetime(self._clock())
        mail["Message-ID"] = message.message_id
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in answer
        mail["X-Standfast-Key"] = message.message_id
        if message.severity <= "P2":
            mail["X-Priority"] = "1"
        mail.set_content(message.text)
        return mail


@contextmanager
def _connected(channel: Channel, seconds: float) -> Iterator[smtplib.SMTP]:
    """A connection that is cut when the whole time is over: smtplib's own time-out is per answer."""
    if channel.tls and channel.port == _IMPLICIT_TLS:
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            channel.host, channel.port, timeout=seconds, context=context
        )
    else:
        server = smtplib.SMTP(channel.host, channel.port, timeout=seconds)
    with closing(server):
        watchdog = threading.Timer(seconds, _cut, (server,))
        watchdog.start()
        try:
            yield server
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            watchdog.cancel()


def _cut(server: smtplib.SMTP) -> None:
    if server.sock is not None:
        with suppress(OSError):
            server.sock.shutdown(socket.SHUT_RDWR)


def _expect(answer: tuple[int, bytes]) -> None:
    code, text = answer
    if code >= 300:
        raise smtplib.SMTPResponseException(code, text)


def _refused(error: smtplib.SMTPResponseException, where: str) -> Result:
    """RFC 5321, 4.2.1: 4yz may pass, 5yz will not."""
    reason = f"{where} answered {error.smtp_code} {_decoded(error.smtp_error)}"[:_REASON]
    lasting = 500 <= error.smtp_code < 600
    return Result(outcome=Outcome.PERMANENT if lasting else Outcome.RETRYABLE, reason=reason)


def _decoded(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:_REASON]


def _text(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:_REASON]
