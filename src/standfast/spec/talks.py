"""What servers of known protocols say: the talks that a file need not write out."""

from __future__ import annotations

from standfast.spec.asking import Step

NATIVE = ("postgresql", "mysql")  # of bytes and lengths, not of lines
_GREETING = {
    "smtp": r"^220[ -]",
    "imap": r"^\* (OK|PREAUTH)",
    "pop3": r"^\+OK",
    "ftp": r"^220[ -]",
    "ssh": r"^SSH-(2\.0|1\.99)-",
}
_TALKS = {
    **{name: (Step(expect=pattern),) for name, pattern in _GREETING.items()},
    "ssh": (Step(expect=_GREETING["ssh"]), Step(send="SSH-2.0-standfast_probe")),
    # One that wants a password is up; -LOADING, -MASTERDOWN and -MISCONF are not.
    "redis": (Step(send="PING"), Step(expect=r"^(\+PONG|-NOAUTH|-NOPERM)")),
    "memcached": (Step(send="version"), Step(expect=r"^VERSION ")),
}
_STARTTLS = {
    # RFC 3207; the answer to EHLO has many lines, and STARTTLS may be any of them but the first.
    "smtp": (
        Step(send="EHLO standfast.invalid"),
        Step(expect=r"(?i)^250[ -]STARTTLS"),
        Step(send="STARTTLS"),
        Step(expect=r"^220[ -]"),
    ),
    "imap": (Step(send="a1 STARTTLS"), Step(expect=r"^a1 OK")),  # RFC 9051
    "pop3": (Step(send="STLS"), Step(expect=r"^\+OK")),  # RFC 2595
    "ftp": (Step(send="AUTH TLS"), Step(expect=r"^234[ -]")),  # RFC 4217
}
SPOKEN = (*_TALKS, *NATIVE)
UPGRADING = tuple(_STARTTLS)


def steps(speaks: str, *, starttls: bool) -> tuple[Step, ...]:
    """Of a known protocol that is no native one; `starttls` where it is among UPGRADING."""
    if not starttls:
        return _TALKS.get(speaks, ())
    return (*_TALKS[speaks], *_STARTTLS[speaks], Step(starttls=True))
