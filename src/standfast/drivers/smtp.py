"""Sending by mail: one conversation for each message, over before its deadline whatever the relay does."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from standfast.drivers.secrets import resolve as resolve_secret
from standfast.errors import StandfastError
from standfast.paging.notification import Outcome, Result
from standfast.spec.values import Severity
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from standfast.paging.message import Message
    from standfast.spec.system import Channel
    from standfast.spec.values import SecretRef

_SUBMISSIONS = 465  # RFC 8314: TLS from the first byte, no STARTTLS
_SEVEN_BIT = SMTP_POLICY.clone(cte_type="7bit")  # a relay need not know 8BITMIME
_REASON = 300  # characters
_URGENT = {Severity.P1, Severity.P2}


class SmtpSender:
    """An `engine.deliver.Send` for channels of the kind smtp."""

    def __init__(
        self,
        resolve: Callable[[SecretRef], str] = resolve_secret,
        *,
        tls: ssl.SSLContext | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._resolve, self._clock = resolve, clock
        self._tls = tls or ssl.create_default_context()

    def __call__(self, channel: Channel, message: Message, timeout: timedelta) -> Result:
        """ACCEPTED after the relay's 250: a relay promises to try, no more."""
        if not message.to:
            return _permanent(f"the channel {channel.name} has no address to send to")
        try:
            letter = self._letter(channel, message)
            login = self._login(channel)
        except StandfastError as error:
            return _permanent(str(error))
        except ValueError:  # what the message library says may repeat the whole header
            return _permanent(f"the address {message.to[:80]!r} cannot stand in a mail")
        talk = _Conversation(channel, self._tls, timeout.total_seconds())
        watchdog = threading.Timer(timeout.total_seconds(), talk.cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            return talk.deliver(letter, message.to, login)
        except Exception as error:  # noqa: BLE001 - told as a result: whoever sends has to go on
            return _classified(error, talk, timeout)
        finally:
            watchdog.cancel()
            talk.hang_up()

    def _login(self, channel: Channel) -> tuple[str, str] | None:
        if channel.username is None or channel.password is None:
            return None
        return self._resolve(channel.username), self._resolve(channel.password)

    def _letter(self, channel: Channel, message: Message) -> EmailMessage:
        letter = EmailMessage(policy=_SEVEN_BIT)
        letter["From"], letter["To"] = _sender(channel), message.to
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(self._clock())
        letter["Message-ID"] = message.message_id
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        if message.severity in _URGENT:
            letter["Importance"], letter["X-Priority"] = "high", "1"
        letter.set_content(message.text)
        return letter


class _Conversation(smtplib.SMTP):
    """One connection that another thread can end; smtplib's own time-outs are per read."""

    def __init__(self, channel: Channel, tls: ssl.SSLContext, seconds: float) -> None:
        name = socket.gethostname()
        super().__init__(
            timeout=seconds, local_hostname=name if "." in name else "[127.0.0.1]"
        )  # a name of our own, or smtplib asks DNS for one
        self._channel, self._context = channel, tls
        self._host = channel.host  # smtplib checks the certificate against it
        self._wire: socket.socket | None = None
        self.late = False
        self.given = False  # the relay may have the whole message

    def deliver(self, letter: EmailMessage, to: str, login: tuple[str, str] | None) -> Result:
        channel = self._channel
        _expect(self.connect(channel.host, channel.port), 220)
        if channel.tls and channel.port != _SUBMISSIONS:
            _expect(self.starttls(context=self._context), 220)
        self.ehlo_or_helo_if_needed()
        if login:
            self.login(*login)
        _expect(self.mail(_sender(channel)), 250)
        _expect(self.rcpt(to), 250, 251)
        self.given = True
        code, said = self.data(letter.as_bytes())
        self.given = False
        _expect((code, said), 250)
        return Result(outcome=Outcome.ACCEPTED, reason=_words(code, said), provider_id=_words(said))

    def cut(self) -> None:
        """From the watchdog's thread: whatever is being waited for fails now."""
        self.late = True
        if self._wire is not None:
            with suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """Without QUIT: there is nothing left to hear that would be worth waiting for."""
        self.close()
        if self._wire is not None:
            self._wire.close()

    def getreply(self) -> tuple[int, bytes]:
        if self.late:  # cut before there was a wire
            raise TimeoutError
        return super().getreply()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        self._wire = plain.dup()  # stays the same wire when TLS wraps the socket
        if self._channel.tls and port == _SUBMISSIONS:
            return self._context.wrap_socket(plain, server_hostname=host)
        return plain


def _sender(channel: Channel) -> str:
    return channel.sender or f"standfast@{channel.host}"


def _expect(reply: tuple[int, Any], *good: int) -> None:
    if reply[0] not in good:
        raise smtplib.SMTPResponseException(*reply)


def _classified(error: Exception, talk: _Conversation, timeout: timedelta) -> Result:
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        # 5yz says "do not try again as it is"; everything else may pass. RFC 5321, 4.2.1
        permanent = 500 <= error.smtp_code < 600
        said = _words(error.smtp_code, error.smtp_error)
        return _permanent(said) if permanent else _retryable(said)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _permanent(f"the relay does not offer what the channel needs: {error}")
    if isinstance(error, ssl.SSLCertVerificationError):
        return _permanent(f"the relay's certificate is not good: {error.verify_message}")
    if isinstance(error, UnicodeError):
        return _permanent("the address is not ASCII, and cannot be given to this relay")
    why = _broken(error, talk, timeout)
    if talk.given:
        return Result(outcome=Outcome.UNKNOWN, reason=f"{why} after the message was given")
    return _retryable(why)


def _broken(error: Exception, talk: _Conversation, timeout: timedelta) -> str:
    if talk.late or isinstance(error, TimeoutError):
        return f"no answer within {timeout.total_seconds():g}s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, socket.gaierror):
        return f"the relay's name is not known: {error.strerror}"
    return f"the conversation broke off: {error or type(error).__name__}"[:_REASON]


def _words(*said: object) -> str:
    parts = (one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in said)
    return " ".join(" ".join(parts).split())[:_REASON]


def _permanent(reason: str) -> Result:
    return Result(outcome=Outcome.PERMANENT, reason=reason)


def _retryable(reason: str) -> Result:
    return Result(outcome=Outcome.RETRYABLE, reason=reason)
