"""What the middlewares answer by themselves: /metrics and /health/*."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast_kit.health import Kind, Report
from standfast_kit.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from standfast_kit.kit import Kit

METRICS = "/metrics"
LIVE = "/health/live"
KINDS = {"/health": Kind.READY, "/health/ready": Kind.READY, "/health/deep": Kind.DEEP}
PATHS = frozenset({METRICS, LIVE, *KINDS})
"""These never count into the signals: probes and scrapes are not traffic."""

_IETF = {"healthy": "pass", "degraded": "warn", "unhealthy": "fail", "unknown": "fail"}
_IETF_TYPE = "application/health+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    content_type: str
    body: bytes

    def headers(self) -> list[tuple[str, str]]:
        return [
            ("content-type", self.content_type),
            ("content-length", str(len(self.body))),
            ("cache-control", "no-store"),
        ]


NOT_ALLOWED = Reply(status=405, content_type="text/plain", body=b"only GET and HEAD\n")


def quick(kit: Kit, path: str, accept: str) -> Reply:
    """The two answers that ask nobody: metrics and liveness."""
    if path == METRICS:
        return Reply(status=200, content_type=CONTENT_TYPE, body=kit.registry.expose().encode())
    return health(kit.health.live(), accept)


def health(report: Report, accept: str) -> Reply:
    """The report as JSON; as `application/health+json` (pass, warn, fail) for who asks for that."""
    if _IETF_TYPE not in accept:
        body = json.dumps(report.body).encode()
        return Reply(status=report.http_status, content_type="application/json", body=body)
    checks = report.body["checks"]
    assert isinstance(checks, dict)  # noqa: S101 - made by Health
    ietf = {
        "status": _IETF[report.status],
        "version": report.body["version"],
        "checks": {
            name: [
                {
                    "status": _IETF[check["status"]],
                    "observedValue": check["latency_ms"],
                    "observedUnit": "ms",
                    "time": report.body["timestamp"],
                }
            ]
            for name, check in checks.items()
        },
    }
    body = json.dumps(ietf).encode()
    return Reply(status=report.http_status, content_type=_IETF_TYPE, body=body)
