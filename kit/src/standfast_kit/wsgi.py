"""A pure WSGI middleware: the golden signals, /metrics and /health/* around any application (PEP 3333)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from standfast_kit import endpoints
from standfast_kit.degraded import tracking
from standfast_kit.metrics import OTHER
from standfast_kit.signals import CLIENT_CLOSED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from standfast_kit.kit import Kit

    Environ = dict[str, Any]
    Start = Callable[..., Callable[[bytes], object]]
    App = Callable[[Environ, Start], Iterable[bytes]]


class Reliable:
    """`app` with its signals counted and its endpoints answered; the names are those of `asgi.Reliable`.

    WSGI leaves no route template behind, so give `route(environ)` where paths hold identifiers.
    """

    def __init__(
        self,
        app: App,
        system: Kit,
        *,
        route: Callable[[Environ], str | None] | None = None,
        user: Callable[[Environ], str | None] | None = None,
    ) -> None:
        self.app, self.kit = app, system
        self._route, self._user = route, user

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path in endpoints.PATHS:
            return self._answer(path, environ, start_response)
        return _Exchange(self, environ, start_response).run()

    def _answer(self, path: str, environ: Environ, start_response: Start) -> Iterable[bytes]:
        accept = environ.get("HTTP_ACCEPT", "")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            reply = endpoints.NOT_ALLOWED
        elif path in endpoints.KINDS:
            details = self.kit.authorised(environ.get("HTTP_AUTHORIZATION", ""))
            report = self.kit.health.probe(endpoints.KINDS[path], details=details)
            reply = endpoints.health(report, accept)
        else:
            reply = endpoints.quick(self.kit, path, accept)
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", reply.headers())
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [reply.body]

    def label(self, environ: Environ, status: int) -> str:
        if self._route is not None and (named := self._route(environ)):
            return named
        return OTHER if status in (404, 405) else environ.get("PATH_INFO", "") or "/"

    def user(self, environ: Environ) -> str | None:
        return self._user(environ) if self._user is not None else None


class _Exchange:
    """One request; counted once, when its body is used up, closed, or broken by an error."""

    def __init__(self, of: Reliable, environ: Environ, start_response: Start) -> None:
        self._of, self._environ, self._start = of, environ, start_response
        self._started = of.kit.monotonic()
        self._status, self._counted, self._degraded = 500, False, False

    def run(self) -> Iterable[bytes]:
        self._of.kit.signals.active.inc()
        try:
            # The block covers the call, not a lazily made body: generators run in the server's context.
            with tracking() as degraded:
                body = self._of.app(self._environ, self.start_response)
                self._degraded = bool(degraded)
        except BaseException:
            self.count(500)
            raise
        return _Body(self, body)

    def start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: tuple[type[BaseException], BaseException, TracebackType] | None = None,
    ) -> Callable[[bytes], object]:
        self._status = int(status.split(" ", 1)[0])
        if exc_info is not None:
            return self._start(status, headers, exc_info)
        return self._start(status, headers)

    def count(self, status: int | None = None) -> None:
        if self._counted:
            return
        self._counted = True
        kit = self._of.kit
        kit.signals.active.dec()
        status = self._status if status is None else status
        kit.signals.finished(
            method=self._environ["REQUEST_METHOD"],
            route=self._of.label(self._environ, status),
            status=status,
            seconds=kit.monotonic() - self._started,
            degraded=self._degraded,
        )
        if user := self._of.user(self._environ):
            kit.signals.users.saw(user)


class _Body:
    """Hands the body on piece by piece; the server closes it, early when the client has gone."""

    def __init__(self, exchange: _Exchange, body: Iterable[bytes]) -> None:
        self._exchange, self._body = exchange, body
        self._pieces = iter(body)
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            self._ended = True
            self._exchange.count()
            raise
        except BaseException:
            self._ended = True
            self._exchange.count(500)
            raise

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            # Some servers take a list whole, without iterating to its end.
            whole = self._ended or isinstance(self._body, (list, tuple))
            self._exchange.count(None if whole else CLIENT_CLOSED)
