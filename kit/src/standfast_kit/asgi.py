"""A pure ASGI middleware: the golden signals, /metrics and /health/* around any application.

It never reads or holds a body, so streams pass through as they come.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from standfast_kit import endpoints
from standfast_kit.degraded import begin, end
from standfast_kit.metrics import OTHER
from standfast_kit.signals import CLIENT_CLOSED

if TYPE_CHECKING:
    from standfast_kit.degraded import Degraded
    from standfast_kit.kit import Kit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Reliable:
    """`app` with its signals counted and its endpoints answered.

    `route(scope)` names the route when the framework leaves no template in the scope; `user(scope)`
    names the user, for the count of concurrent ones. With `degraded_header`, answers that a fallback
    helped with say so in `standfast-degraded`.
    """

    def __init__(
        self,
        app: App,
        system: Kit,
        *,
        route: Callable[[Scope], str | None] | None = None,
        user: Callable[[Scope], str | None] | None = None,
        degraded_header: bool = True,
    ) -> None:
        self.app, self.kit = app, system
        self._signals = system.signals
        self._route, self._user = route, user
        self._header = degraded_header
        self._templates: dict[object, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        prefix = scope.get("root_path", "")
        path = scope["path"]
        if prefix and path.startswith(prefix + "/"):
            path = path[len(prefix) :]
        if path in endpoints.PATHS:
            await self._answer(path, scope, send)
            return
        degraded, token = begin()
        try:
            await _Exchange(self, scope, receive, send, prefix, path, degraded).run()
        finally:
            end(token)

    async def _answer(self, path: str, scope: Scope, send: Send) -> None:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        accept = headers.get(b"accept", "")
        if scope["method"] not in ("GET", "HEAD"):
            reply = endpoints.NOT_ALLOWED
        elif path in endpoints.KINDS:
            details = self.kit.authorised(headers.get(b"authorization", ""))
            report = await self.kit.health.probe_async(endpoints.KINDS[path], details=details)
            reply = endpoints.health(report, accept)
        elif path == endpoints.METRICS:
            # Gauges may ask a database: not on the loop.
            from asyncio import to_thread

            reply = await to_thread(endpoints.quick, self.kit, path, accept)
        else:
            reply = endpoints.quick(self.kit, path, accept)
        raw = [(name.encode(), value.encode()) for name, value in reply.headers()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        body = b"" if scope["method"] == "HEAD" else reply.body
        await send({"type": "http.response.body", "body": body})

    def label(self, scope: Scope, prefix: str, path: str, status: int) -> str:
        """The route's template; the path only where nothing better is known, and never for a 404."""
        template = self._template(scope)
        if template is not None:
            # A mounted application has moved its mount point into root_path.
            return scope.get("root_path", "")[len(prefix) :] + template if template else OTHER
        return OTHER if status in (404, 405) else path

    def _template(self, scope: Scope) -> str | None:
        if self._route is not None and (named := self._route(scope)):
            return named
        route = scope.get("route")
        if route is not None:
            return getattr(route, "path", None)
        return self._by_endpoint(scope)

    def _by_endpoint(self, scope: Scope) -> str | None:
        """Starlette leaves only the endpoint; its router knows the template, once for each endpoint."""
        endpoint = scope.get("endpoint")
        if endpoint is None:
            return None
        if endpoint not in self._templates and len(self._templates) < 1000:
            routes = getattr(scope.get("router"), "routes", ())
            found = [r.path for r in routes if getattr(r, "endpoint", None) is endpoint]
            self._templates[endpoint] = found[0] if found else ""
        return self._templates.get(endpoint) or None


class _Exchange:
    """One request and its answer; counted once, when the last byte is sent or the application ends."""

    __slots__ = (
        "_complete", "_counted", "_degraded", "_gone", "_of", "_path", "_prefix", "_receive", "_scope",
        "_send", "_started", "_status",
    )  # fmt: skip

    def __init__(
        self,
        of: Reliable,
        scope: Scope,
        receive: Receive,
        send: Send,
        prefix: str,
        path: str,
        degraded: list[Degraded],
    ) -> None:
        self._of, self._scope, self._receive, self._send = of, scope, receive, send
        self._prefix, self._path, self._degraded = prefix, path, degraded
        self._started = of.kit.monotonic()
        self._status = 0
        self._gone = self._complete = self._counted = False

    async def run(self) -> None:
        signals = self._of.kit.signals
        signals.active.inc()
        try:
            await self._of.app(self._scope, self.receive, self.send)
        except CancelledError:
            self._count(self._status if self._complete else CLIENT_CLOSED)
            raise
        except BaseException:
            # A client that goes away makes applications raise; that is not their error.
            self._count(CLIENT_CLOSED if self._gone else 500)
            raise
        else:
            self._count(CLIENT_CLOSED if self._gone else 500)
        finally:
            signals.active.dec()

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._complete:
            self._gone = True
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self._status = message["status"]
            if self._degraded and self._of._header:  # noqa: SLF001 - one class in two parts
                self._say_degraded(message)
        try:
            await self._send(message)
        except OSError:
            self._gone = True
            raise
        if kind == "http.response.body" and not message.get("more_body", False):
            self._complete = True
            self._count(CLIENT_CLOSED if self._gone else self._status)

    def _say_degraded(self, message: Message) -> None:
        said = ", ".join(dict.fromkeys(f"{a.dependency};mode={a.mode}" for a in self._degraded))
        header = (b"standfast-degraded", said.encode("ascii", "replace"))
        message["headers"] = [*message.get("headers", ()), header]

    def _count(self, status: int) -> None:
        if self._counted:
            return
        self._counted = True
        of, scope = self._of, self._scope
        of.kit.signals.finished(
            method=scope["method"],
            route=of.label(scope, self._prefix, self._path, status),
            status=status,
            seconds=of.kit.monotonic() - self._started,
            degraded=bool(self._degraded),
        )
        if of._user is not None and (user := of._user(scope)):  # noqa: SLF001 - one class in two parts
            of.kit.signals.users.saw(user)
