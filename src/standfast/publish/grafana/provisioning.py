"""The two files that make Grafana know the data source and load the dashboards at its start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.artefact import FOLDER, dump
from standfast.publish.document import Generated
from standfast.publish.grafana.drawing import SOURCE_UID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.edition import Edition

DASHBOARDS = "/var/lib/grafana/dashboards/standfast"
_FOLDER = f"{FOLDER}/grafana/provisioning"


def provisioning(edition: Edition) -> Iterator[Generated]:
    source = {
        "name": "standfast",
        "uid": SOURCE_UID,
        "type": "prometheus",
        "access": "proxy",
        "url": "http://127.0.0.1:9090",
        "editable": False,
        "jsonData": {"httpMethod": "POST", "timeInterval": "15s", "prometheusType": "Prometheus"},
    }
    yield _file(edition, "datasources", {"apiVersion": 1, "datasources": [source]})
    provider = {
        "name": "standfast",
        "folder": "standfast",
        "type": "file",
        "disableDeletion": False,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": DASHBOARDS, "foldersFromFilesStructure": False},
    }
    yield _file(edition, "dashboards", {"apiVersion": 1, "providers": [provider]})


def _file(edition: Edition, kind: str, content: object) -> Generated:
    return Generated(path=f"{_FOLDER}/{kind}/standfast.yaml", text=dump(edition, content))
