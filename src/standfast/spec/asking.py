"""How the file has a component asked, where an address alone does not say it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec.values import SecretRef

if TYPE_CHECKING:
    from collections.abc import Mapping

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection", "accept-encoding"})
"""Set by the probe itself."""
REDIRECTS, MOST_REDIRECTS = 3, 10
LONGEST_BODY = 20_000  # characters
MOST_STEPS = 20
PATIENCE = timedelta(seconds=10)  # of a probe that states no time-out
SHORTEST, LONGEST = timedelta(milliseconds=100), timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secure:
    """TLS as it is asked for: what to trust in place of the machine's own, and what to show of oneself."""

    ca: str = ""  # a file of certificates
    certificate: str = ""  # a file; of ours, with its `key`
    key: str = ""
    name: str = ""  # the server's, where its address is another
    verify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """A bearer token, or a name and its password."""

    token: SecretRef | None = None
    username: SecretRef | None = None
    password: SecretRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent to a `url`."""

    method: str = "GET"
    headers: Mapping[str, SecretRef | str] = field(default_factory=lambda: MappingProxyType({}))
    body: SecretRef | str = ""
    auth: Auth | None = None
    redirects: int | None = None  # None: as many as usual, unless one is what is expected
    tls: Secure | None = None

    @property
    def confides(self) -> bool:
        """Does it hold what nobody but the address itself may be told?"""
        secret = any(isinstance(one, SecretRef) for one in (*self.headers.values(), self.body))
        return secret or self.auth is not None or bool(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One turn of a talk: a line that is awaited, a line that is sent, or TLS that begins."""

    expect: str = ""  # a pattern, as RE2 reads it
    send: str = ""
    starttls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What is said on a connection to an `address`, beyond that it is taken."""

    speaks: str = ""  # postgresql | mysql: no lines; otherwise the steps tell all
    steps: tuple[Step, ...] = ()
    tls: Secure | None = None
    at_once: bool = False  # TLS from the first byte
    certificate: timedelta | None = None  # good for so long at least

    @property
    def encrypted(self) -> bool:
        return self.at_once or any(one.starttls for one in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocket:
    url: str
    headers: Mapping[str, SecretRef | str] = field(default_factory=lambda: MappingProxyType({}))
    auth: Auth | None = None
    protocol: str = ""
    send: str = ""
    expect: str = ""  # a pattern; of the first message that matches
    tls: Secure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcHealth:
    """grpc.health.v1.Health/Check; no service is the server as a whole."""

    address: str
    service: str = ""
    tls: Secure | None = None  # None: in the clear
