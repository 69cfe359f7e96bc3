"""Runbooks: those written in the file, and built-in ones for the usual alerts."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec.calling import Runbook

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from standfast.spec.platform import Commands
    from standfast.spec.v1.file import FileShape

_API_DOWN = Runbook(
    name="api-down",
    title="API down or failing",
    symptoms=(
        "The alert says that no request succeeds, or that too many fail.",
        "Users see error pages or time-outs; probes of /health/ready fail.",
    ),
    diagnose=(
        "Ask the ready endpoint from outside and from beside the service; note status and time.",
        "Look at what changed in the last hour: deployments, configuration, certificates.",
        "Look at the deep check: which dependency is unhealthy?",
    ),
    causes=(
        ("A bad release", "the errors begin at the deployment", "roll back"),
        ("A dependency is down", "the deep check names it", "follow its runbook; open its breaker"),
        (
            "Out of memory or threads",
            "restarts and saturation in the metrics",
            "restart, then scale out",
        ),
        ("Expired certificate", "the probe says so", "renew it"),
    ),
    fixes=(
        ("Restart", "restart"),
        ("Roll back", "roll_back"),
    ),
    verify=(
        "The ready endpoint answers 200 from outside.",
        "The error rate is below its threshold for ten minutes.",
        "The alert is resolved.",
    ),
    escalate="If nothing has improved after 15 minutes, call the secondary and the team's lead.",
)
_HIGH_CPU = Runbook(
    name="high-cpu",
    title="Slow answers, high CPU",
    symptoms=(
        "The latency alert fires; answers take seconds.",
        "CPU of one or all instances is near its limit.",
    ),
    diagnose=(
        "Is it one instance or all of them?",
        "Compare the rate of requests with the usual one at this hour.",
        "Run top on a slow instance; take a profile before restarting anything.",
    ),
    causes=(
        (
            "More traffic than planned",
            "requests per second above the baseline",
            "scale out, shed load",
        ),
        ("A slow dependency", "time is spent waiting, CPU is low", "follow its runbook"),
        ("A runaway job", "one process takes the CPU", "stop it, move it off peak"),
    ),
    fixes=(
        ("Scale out", "scale_out"),
        ("Restart the slow instance", "restart_one"),
        ("Roll back", "roll_back"),
    ),
    verify=(
        "The percentiles are back under their objectives.",
        "CPU is below 70% on every instance.",
        "The alert is resolved.",
    ),
    escalate="If latency has not fallen after 30 minutes, call the secondary.",
)
_DATABASE = Runbook(
    name="database-issues",
    title="Database slow, full or unreachable",
    symptoms=(
        "Queries take longer than promised, or connections are refused.",
        "The disk alert fires; writes fail.",
    ),
    diagnose=(
        "List the longest queries: SELECT pid, state, query FROM pg_stat_activity ORDER BY query_start.",
        "Count connections against the limit; look for sessions idle in a transaction.",
        "df -h on the data volume; look at what WAL and replication slots hold back.",
    ),
    causes=(
        (
            "Connections exhausted",
            "SELECT count(*) FROM pg_stat_activity",
            "restart the clients, pool",
        ),
        ("A blocking query", "pg_blocking_pids(pid) is not empty", "pg_cancel_backend(pid)"),
        ("Disk full", "df -h", "drop unused slots, clean logs, enlarge the volume"),
        ("Replica far behind", "pg_stat_replication", "read from the primary"),
    ),
    fixes=(
        ("Cancel a query", "psql -c 'SELECT pg_cancel_backend(PID)'"),
        ("Roll back the migration", "the release's own rollback"),
        ("Promote the replica", "psql -c 'SELECT pg_promote()'"),
    ),
    verify=(
        "Query time is under its threshold for ten minutes.",
        "The deep checks of what needs the database are healthy.",
        "The newest backup is younger than its interval.",
    ),
    escalate="If data may be lost, declare SEV1 now; else call the secondary after 30 minutes.",
)
_CERTIFICATE = Runbook(
    name="cert-expiry",
    title="Certificate about to expire",
    symptoms=("The probe reports the days left.", "After the date, clients refuse to connect."),
    diagnose=(
        "openssl s_client -connect HOST:443 -servername HOST | openssl x509 -noout -enddate",
        "Look at the log of the renewal job.",
    ),
    causes=(
        ("The renewal job fails", "its log", "run it by hand, then mend it"),
        ("Renewed, not reloaded", "the file is newer than what is served", "reload the server"),
    ),
    fixes=(
        ("Renew", "certbot renew --force-renewal"),
        ("Roll back", "reload the server with the former certificate while it is valid"),
    ),
    verify=("The probe shows the new date.", "The alert is resolved."),
    escalate="With less than two days left, treat it as P1 and call the lead.",
)
BUILT_IN: Mapping[str, Runbook] = MappingProxyType(
    {one.name: one for one in (_API_DOWN, _HIGH_CPU, _DATABASE, _CERTIFICATE)}
)


def runbooks(file: FileShape, named: Collection[str], commands: Commands) -> Mapping[str, Runbook]:
    """Those of the file, and the built-in ones that an alert names, in the platform's commands."""
    found = {
        name: Runbook(
            name=name,
            title=shape.title or name.replace("-", " ").capitalize(),
            symptoms=tuple(shape.symptoms),
            diagnose=tuple(shape.diagnose),
            causes=tuple((one.cause, one.check, one.fix) for one in shape.causes),
            fixes=tuple((one.title, one.run) for one in shape.fixes),
            verify=tuple(shape.verify),
            escalate=shape.escalate or "",
            reviewed=shape.reviewed,
        )
        for name, shape in file.runbooks.items()
    }
    built_in = {
        name: _spoken(BUILT_IN[name], commands)
        for name in named
        if name in BUILT_IN and name not in found
    }
    return MappingProxyType(found | built_in)


def _spoken(book: Runbook, commands: Commands) -> Runbook:
    """With the command of this platform for each fix that is one of `Commands`."""
    fixes = ((title, getattr(commands, run, run)) for title, run in book.fixes)
    return replace(book, fixes=tuple(fixes))
