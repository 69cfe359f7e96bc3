"""The API of a running server, for commands: JSON in, JSON out, in time; every failure is one of our errors."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import urlencode, urlsplit

import click

from standfast.errors import (
    Conflict,
    FileError,
    NotAllowed,
    NotFound,
    StandfastError,
    TimedOut,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from http.client import HTTPResponse

_T = TypeVar("_T")
DEFAULT_SERVER = "http://127.0.0.1:8600"
_ERRORS: dict[int, type[StandfastError]] = {
    401: NotAllowed, 403: NotAllowed, 404: NotFound, 409: Conflict, 412: Conflict,
    408: TimedOut, 504: TimedOut, 502: Unreachable, 503: Unreachable,
}  # fmt: skip
_LARGEST_ANSWER = 64 * 1024 * 1024  # bytes
_PATIENCE = 30.0  # seconds for a whole answer
_AT_ONCE = 100  # lines of a long answer that have to come within that time
_GIVEN = "standfast.cli.client.timeout"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to wherever it points."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Client:
    """`timeout` is for a whole answer, from the look-up of the name to the last byte."""

    def __init__(self, server: str, token: str | None = None, timeout: float = _PATIENCE) -> None:
        if not _is_address(server):
            raise FileError(
                (f"{server!r} is not the address of a server",), fix="--server https://..."
            )
        if token and not (token.isascii() and token.isprintable()):
            # The token itself is not shown: most of it may be right.
            raise FileError(("the token is not one line of ASCII",), fix="standfast token make")
        self._server, self._token, self._timeout = server.rstrip("/"), token, timeout
        self._opener = urllib.request.build_opener(_NoRedirect)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """`path` as in "/api/v1/audit"; parameters that are None are left out."""
        return self._json(self._request("GET", path, params))

    def post(self, path: str, body: Any = None) -> Any:
        return self._json(self._request("POST", path, body=body))

    def raw(self, path: str) -> bytes:
        """A file, byte for byte."""
        return self._read(self._request("GET", path))

    def lines(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[str]:
        """An answer too long to hold or to wait for, line by line; each of its parts has to come in time."""
        request = self._request("GET", path, params)
        with ExitStack() as stack:
            answer = stack.enter_context(self._in_time(lambda: self._open(request)))
            line = iter(lambda: answer.readline(_LARGEST_ANSWER), b"")
            try:
                while some := self._in_time(lambda: self._some(line)):
                    yield from (each.decode().rstrip("\n") for each in some)
            except TimedOut:
                stack.pop_all()  # it is still being read: whoever closes it would wait for that
                raise

    def _some(self, line: Iterator[bytes]) -> list[bytes]:
        with self._told():
            some = list(islice(line, _AT_ONCE))
        if any(len(each) >= _LARGEST_ANSWER for each in some):
            raise StandfastError("a line of the answer is too long", where=self._server)
        return some

    def _request(
        self, method: str, path: str, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> urllib.request.Request:
        given = {name: value for name, value in (params or {}).items() if value is not None}
        address = self._server + path + (f"?{urlencode(given)}" if given else "")
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None
        if method != "GET":
            data = json.dumps({} if body is None else body).encode()
            headers["Content-Type"] = "application/json"
        return urllib.request.Request(address, data=data, headers=headers, method=method)  # noqa: S310 - the scheme is checked

    def _read(self, request: urllib.request.Request) -> bytes:
        return self._in_time(lambda: self._whole(request))

    def _whole(self, request: urllib.request.Request) -> bytes:
        with self._open(request) as answer, self._told():
            data: bytes = answer.read(_LARGEST_ANSWER + 1)
            if answer.length and len(data) <= _LARGEST_ANSWER:
                raise Unreachable("the answer was cut off", where=self._server)
        if len(data) > _LARGEST_ANSWER:
            raise StandfastError("the answer is too long", where=self._server)
        return data

    def _json(self, request: urllib.request.Request) -> Any:
        data = self._read(request)
        try:
            return json.loads(data) if data else None
        except (ValueError, RecursionError) as error:
            raise StandfastError(
                "the answer is not JSON; is this a standfast server?", where=self._server
            ) from error

    def _open(self, request: urllib.request.Request) -> HTTPResponse:
        try:
            with self._told():
                answer: HTTPResponse = self._opener.open(request, timeout=self._timeout)
        except urllib.error.HTTPError as error:
            with error:
                self._refuse(error)
        return answer

    def _in_time(self, work: Callable[[], _T]) -> _T:
        """What `work` returns or raises; TimedOut where it has done neither after the whole time.

        A socket's own time-out is for each read: a server that sends a byte now and then could hold a pipeline
        for ever, and a look-up of a name has none. So another thread does the work, and is left behind.
        """
        done: list[_T] = []
        failed: list[BaseException] = []

        def run() -> None:
            try:
                done.append(work())
            except BaseException as error:  # noqa: BLE001 - raised again below, by whoever waits
                failed.append(error)

        worker = threading.Thread(target=run, daemon=True)
        worker.start()
        worker.join(self._timeout)
        if failed:
            raise failed[0]
        if not done:
            raise self._late()
        return done[0]

    def _late(self) -> TimedOut:
        return TimedOut(
            f"the server took longer than {self._timeout:g} s",
            where=self._server,
            fix="look at the server, or give it more time with --timeout",
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong on the way, as errors of ours; an answer of the server is none of it."""
        try:
            yield
        except urllib.error.HTTPError:
            raise
        except OSError as error:
            reason = getattr(error, "reason", None) or error
            if isinstance(reason, TimeoutError):
                raise self._late() from error
            raise Unreachable(
                f"the server does not answer: {_why(reason)}",
                where=self._server,
                fix="start it with `standfast serve`, or name another with --server",
            ) from error
        except HTTPException as error:
            raise StandfastError(
                f"the answer is not HTTP ({type(error).__name__}); is this a standfast server?",
                where=self._server,
            ) from error

    def _refuse(self, error: urllib.error.HTTPError) -> NoReturn:
        """From the answer's problem document (RFC 9457), where there is one."""
        try:
            told = json.loads(error.read(1_000_000))
            said, fix = str(told.get("title") or ""), str(told.get("detail") or "")
        except (ValueError, AttributeError, RecursionError, HTTPException, OSError):
            said = fix = ""
        said, fix = (said, fix) if said else (fix, "")
        kind = _ERRORS.get(error.code, StandfastError)
        if kind is NotFound and not said:
            # Somebody else's 404 says nothing about what we asked for.
            kind, fix = StandfastError, "is this a standfast server?"
        if error.code == 401 and not self._token:
            fix = "give a token with --token-file or STANDFAST_TOKEN"
        raise kind(
            said or f"the server answered {error.code}", where=self._server, fix=fix
        ) from error


def _why(error: object) -> str:
    """What a connection died of, without the system's number for it."""
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, socket.gaierror):
        return "nobody knows a host of that name"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return "what listens there does not speak TLS; is the address http://...?"
    return str(getattr(error, "strerror", None) or error)


def _is_address(server: str) -> bool:
    try:
        parts = urlsplit(server)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        return False


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --server, --token-file and --timeout; the command makes its client of them by `connect`."""
    token_file = click.option(
        "--token-file",
        type=click.Path(dir_okay=False),
        help="A file with the API token; else STANDFAST_TOKEN.",
    )
    server = click.option(
        "--server", envvar="STANDFAST_SERVER", default=DEFAULT_SERVER, show_default=True,
        help="The server's address; else STANDFAST_SERVER.",
    )  # fmt: skip
    timeout = click.option(
        "--timeout", envvar="STANDFAST_TIMEOUT", type=click.FloatRange(0, 3600, min_open=True),
        metavar="SECONDS", expose_value=False, callback=_keep_timeout,
        help=f"For a whole answer of the server; else STANDFAST_TIMEOUT, else {_PATIENCE:g}.",
    )  # fmt: skip
    return server(token_file(timeout(command)))


def _keep_timeout(ctx: click.Context, _parameter: click.Parameter, given: float | None) -> None:
    ctx.meta[_GIVEN] = given


def connect(server: str, token_file: str | None, patience: float = _PATIENCE) -> Client:
    """`patience`: seconds for a whole answer, where the caller of the command named none."""
    context = click.get_current_context(silent=True)
    timeout = context.meta.get(_GIVEN) if context else None
    token = os.environ.get("STANDFAST_TOKEN")
    if token_file:
        try:
            with open(token_file) as file:  # noqa: PTH123 - one line of a file that was named
                token = file.read(4096).strip()
        except OSError as error:
            raise FileError((f"{token_file}: cannot read the token: {error.strerror}",)) from error
        except UnicodeDecodeError as error:
            raise FileError((f"{token_file}: is not text, so that it holds no token",)) from error
    return Client(server, token or None, timeout or patience)
