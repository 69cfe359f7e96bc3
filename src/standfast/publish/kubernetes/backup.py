"""CronJobs that take copies and prove them, for sites where the server does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.artefact import Noted
from standfast.publish.backup.systemd import FILE
from standfast.publish.backup.turns import turns
from standfast.publish.kubernetes import manifest
from standfast.publish.markdown import span
from standfast.recovery.place import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standfast.publish.artefact import Artefacts
    from standfast.publish.backup.turns import Turn
    from standfast.publish.edition import Edition
    from standfast.publish.kubernetes.manifest import Manifest
    from standfast.spec.system import System

_FILE = "cronjobs.yaml"
_NOBODY = 65534  # PostgreSQL's programs refuse root


def cronjobs(edition: Edition) -> Artefacts:
    due = list(turns(edition.system))
    able = [turn for turn in due if turn.cron]
    if able:
        known = manifest.names(edition.system)
        yield manifest.several(
            edition, f"backup/{_FILE}", [_job(edition, turn, known) for turn in able]
        )
        yield manifest.component(edition, "backup", [_FILE])
    for turn in due:
        if turn.cron is None:
            yield Noted(
                path=f"k8s/backup/{_FILE}",
                said=f"cron cannot say every {span(turn.every)}: {turn.store} gets no job for {turn.kind}",
            )


def _job(edition: Edition, turn: Turn, known: Mapping[str, str]) -> Manifest:
    name = f"backup-{known[turn.store]}"[:40] + f"-{turn.kind}"
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": manifest.metadata(edition, name),
        "spec": {
            "schedule": turn.cron,
            "timeZone": turn.cron_zone,
            "concurrencyPolicy": "Forbid",
            # Missed for longer than this it waits for its next turn.
            "startingDeadlineSeconds": 3600,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "spec": {"backoffLimit": 2, "template": {"spec": _pod(edition.system, turn)}}
            },
        },
    }


def _pod(system: System, turn: Turn) -> Manifest:
    return {
        "restartPolicy": "Never",
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            "fsGroup": _NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "standfast",
                "image": "standfast",
                "command": [*turn.command, "--file", FILE],
                "envFrom": [{"secretRef": {"name": "standfast", "optional": True}}],
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                },
                "volumeMounts": list(_mounts(system, turn)),
            }
        ],
        "volumes": [
            {"name": "file", "configMap": {"name": "standfast"}},
            {"name": "copies", "persistentVolumeClaim": {"claimName": "standfast-copies"}},
        ],
    }


def _mounts(system: System, turn: Turn) -> Iterator[Manifest]:
    yield {"name": "file", "mountPath": FILE.rpartition("/")[0], "readOnly": True}
    yield {"name": "copies", "mountPath": place_of(system, turn.store).path}
