"""Mail by SMTP, with the class of every answer that a server can give."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from standfast.drivers.resolver import Resolver
from standfast.drivers.secrets import resolve
from standfast.errors import SourceError
from standfast.paging.notification import Outcome, Result
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

    from _typeshed import ReadableBuffer

    from standfast.paging.message import Message
    from standfast.spec.calling import Channel
    from standfast.spec.values import SecretRef

_IMPLICIT_TLS = 465
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_REASON = 300  # characters
_PLAIN = SMTP.clone(cte_type="7bit")  # a relay need not know 8BITMIME


class SmtpSend:
    """Sends one message per call: `engine.deliver.Send`."""

    def __init__(
        self,
        secret: Callable[[SecretRef], str] = resolve,
        clock: Clock = utc_now,
        resolver: Resolver | None = None,
    ) -> None:
        self._secret, self._clock = secret, clock
        self._resolver = resolver or Resolver()

    def __call__(self, channel: Channel, message: Message, timeout: timedelta) -> Result:
        where = f"{channel.host}:{channel.port}"
        handed_over = False
        try:
            mail = self._mail(channel, message)
            with _connected(channel, timeout.total_seconds(), self._resolver) as server:
                self._greet(server, channel)
                _expect(server.mail(channel.sender))
                _expect(server.rcpt(message.to))
                handed_over = True
                code, answer = server.data(mail.as_bytes())
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
        mail = EmailMessage(policy=_PLAIN)
        mail["Subject"] = message.subject
        mail["From"] = channel.sender
        mail["To"] = message.to
        mail["Date"] = format_datetime(self._clock())
        mail["Message-ID"] = message.message_id
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in answer
        mail["X-Standfast-Key"] = message.message_id
        if message.in_reply_to:
            mail["In-Reply-To"] = message.in_reply_to
            mail["References"] = message.in_reply_to
        if message.severity <= "P2":
            mail["X-Priority"] = "1"
        mail.set_content(message.text)
        return mail


class _Conversation(smtplib.SMTP):
    """One connection that another thread can end: smtplib's own time-outs are per read."""

    def __init__(self, channel: Channel, seconds: float, resolver: Resolver) -> None:
        name = socket.gethostname()  # without one given, smtplib asks DNS, which may take its time
        super().__init__(timeout=seconds, local_hostname=name if "." in name else "[127.0.0.1]")
        self._channel, self._seconds, self._resolver = channel, seconds, resolver
        self._host = channel.host  # the certificate is checked against it
        self._wire: socket.socket | None = None
        self._late = False

    def cut(self) -> None:
        """From the watchdog's thread: whatever is being waited for fails now."""
        self._late = True
        if self._wire is not None:
            with suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        super().close()
        if self._wire is not None:
            self._wire.close()

    def send(self, s: ReadableBuffer | str) -> None:
        try:
            super().send(s)
        except smtplib.SMTPServerDisconnected:  # smtplib's word for a wire that takes nothing more
            if self._late:
                raise TimeoutError(self.too_late) from None
            raise

    def getreply(self) -> tuple[int, bytes]:
        if self._late:  # cut before there was a wire
            raise TimeoutError(self.too_late)
        try:
            code, text = super().getreply()
        except smtplib.SMTPServerDisconnected:
            if self._late:
                raise TimeoutError(self.too_late) from None
            raise
        if code == -1:  # smtplib's word for a line without a code, such as one that was cut off
            if self._late:
                raise TimeoutError(self.too_late)
            raise smtplib.SMTPServerDisconnected("what it answered is not SMTP")
        return code, text

    @property
    def too_late(self) -> str:
        return f"no whole answer within {self._seconds:g} s"

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = self._resolver.connect(host, port, timeout)
        plain.settimeout(timeout)  # of each read; what it took to connect is not taken off
        self._wire = plain.dup()  # stays the same wire while TLS wraps the socket
        if not (self._channel.tls and port == _IMPLICIT_TLS):
            return plain
        try:
            return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise


@contextmanager
def _connected(channel: Channel, seconds: float, resolver: Resolver) -> Iterator[smtplib.SMTP]:
    """A connection that is cut when the whole time is over, from its first byte on."""
    server = _Conversation(channel, seconds, resolver)
    watchdog = threading.Timer(seconds, server.cut)
    watchdog.daemon = True
    watchdog.start()
    try:
        _expect(server.connect(channel.host, channel.port))
        yield server
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
    finally:
        watchdog.cancel()
        server.close()


def _expect(answer: tuple[int, bytes]) -> None:
    code, text = answer
    if not 200 <= code < 300:
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
