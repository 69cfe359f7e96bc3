"""Asking a Prometheus-compatible server over HTTP: Prometheus, Thanos, Mimir, VictoriaMetrics.

https://prometheus.io/docs/prometheus/latest/querying/api/. Every question carries its time. Both
expressions go into one, so that they are answered from one state of the server's data.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from standfast.drivers.http_probe import BoundedHttp
from standfast.drivers.secrets import resolve
from standfast.engine.consult import NotReached
from standfast.errors import SourceError
from standfast.monitoring.asked import MINUTE, Answer, Question, Stretch

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.spec.server import PrometheusSettings
    from standfast.spec.values import SecretRef

MOST_BYTES = 4_000_000  # a day of minutes of two series is some 100 kB
_LONGEST_QUERY = 16_000  # characters; proxies refuse longer addresses
_MARK = "standfast"  # the label that tells the two expressions of one question apart
_SAID = 300  # characters of what a server says of its errors
# Prometheus 2.47 to 2.53 puts its remarks on names among the warnings: a counter need not end in _total.
_REMARK, _PROMQL = "PromQL info:", "PromQL warning:"
_REFUSED = {
    401: "does not accept our credentials (401)",
    403: "does not let us ask (403)",
    404: "has no /api/v1/query_range there (404): is the path in its address right?",
    429: "is asked too much (429)",
}


class PrometheusRange:
    """`engine.consult.AskRange`"""

    def __init__(
        self, http: BoundedHttp | None = None, secret: Callable[[SecretRef], str] = resolve
    ) -> None:
        self._http, self._secret = http or BoundedHttp(), secret

    def __call__(self, server: PrometheusSettings, asked: Question, minutes: Stretch) -> Answer:
        query = (
            f'label_replace({asked.total}, "{_MARK}", "total", "", "")\n'
            f'or label_replace({asked.bad}, "{_MARK}", "bad", "", "")'
        )
        found = self._ask(
            server,
            "query_range",
            query=query,
            start=_text(minutes.first),
            end=_text(minutes.last),
            step=f"{MINUTE.total_seconds():.0f}",
        )
        sides: dict[str, dict[datetime, float]] = {"total": {}, "bad": {}}
        for side, points in (_series(one) for one in found):
            if side not in sides:
                raise SourceError("answered a series that nobody asked for")
            if sides[side]:
                raise SourceError(
                    f"several series for `{side}`: add them up with sum(...)",
                    fix="an indicator is one number for each instant",
                )
            sides[side] = points
        return Answer(bad=sides["bad"], total=sides["total"])

    def answers(self, server: PrometheusSettings, at: datetime) -> None:
        """Raises SourceError where it would not answer a question."""
        self._ask(server, "query", query="vector(1)", time=_text(at))

    def _ask(self, server: PrometheusSettings, path: str, **parameters: str) -> list[Any]:
        if len(parameters["query"]) > _LONGEST_QUERY:
            raise SourceError(
                f"the query has more than {_LONGEST_QUERY} characters",
                fix="record parts of it by a rule, and ask for what is recorded",
            )
        # Thanos is to fail rather than to answer in part; VictoriaMetrics is to look, not to remember.
        more = {"timeout": _seconds(server.timeout), "partial_response": "false", "nocache": "1"}
        url = f"{server.url.rstrip('/')}/api/v1/{path}?{urlencode(parameters | more)}"
        headers = self._headers(server)
        try:
            answer = self._http.get(
                url,
                timeout=server.timeout,
                most=MOST_BYTES,
                accept="application/json",
                headers=headers,
            )
        except SourceError as error:
            raise NotReached(f"{server.url}: {error.problem.replace(url, server.url)}") from error
        return _result(server.url, answer.status, answer.body)

    def _headers(self, server: PrometheusSettings) -> dict[str, str]:
        found = {"x-scope-orgid": server.tenant} if server.tenant else {}
        if server.token:
            found["authorization"] = f"Bearer {self._secret(server.token)}"
        elif server.username and server.password:
            pair = f"{self._secret(server.username)}:{self._secret(server.password)}"
            found["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return found


def _text(moment: datetime) -> str:
    return f"{moment.timestamp():.3f}"


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():g}s"


def _result(url: str, status: int, body: bytes) -> list[Any]:
    """What was asked for and nothing less: partial answers are refused with what the server says of them."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        said = _REFUSED.get(status, f"answered {status} and no JSON")
        raise (NotReached if status in _REFUSED or status >= 500 else SourceError)(f"{url} {said}")
    if told.get("status") != "success":
        kind, why = str(told.get("errorType", status)), str(told.get("error", ""))
        wide = status in _REFUSED or status >= 500 or kind in {"unavailable", "internal"}
        raise (NotReached if wide and kind != "timeout" else SourceError)(
            f"{url} {_REFUSED.get(status, 'refuses the query')}: {kind}: {why[:_SAID]}"
        )
    _whole(url, told)
    data = told.get("data")
    found = data.get("result") if isinstance(data, dict) else None
    if not isinstance(found, list):
        raise SourceError(f"{url} answers without a result")
    return found


def _whole(url: str, told: dict[str, Any]) -> None:
    """Raises SourceError where the answer is one in part, or none that its server stands by."""
    warnings = told.get("warnings")
    said = [str(one)[:_SAID] for one in warnings] if isinstance(warnings, list) else []
    first = next((one for one in said if not one.startswith(_REMARK)), "")
    if first.startswith(_PROMQL):
        raise SourceError(f"{url} doubts its own answer: {first}")
    if first or told.get("isPartial"):
        first = first or "parts of its store do not answer"
        raise SourceError(f"{url} answers in part only: {first}")


def _series(one: Any) -> tuple[str, dict[datetime, float]]:
    try:
        side = str(one["metric"].get(_MARK, ""))
        points = {
            datetime.fromtimestamp(round(float(at)), UTC): float(value)
            for at, value in one["values"]
        }
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise SourceError("answered a series in a shape that we do not know") from error
    return side, points
