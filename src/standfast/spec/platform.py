"""What a system runs on, and the commands that a hand at three in the morning types there."""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACEHOLDER = "NAME"  # stands for the component until somebody knows which


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What is done to one component; where no one command does it, a sentence says how."""

    restart: str
    roll_back: str
    releases: str  # what was released, and when
    load: str  # of its processors and memory
    state: str  # restarts, exit codes, events
    scale_out: str
    restart_one: str  # of several instances

    def of(self, component: str) -> Commands:
        filled = {one.name: told_of(getattr(self, one.name), component) for one in fields(self)}
        return Commands(**filled)


PLATFORMS: Mapping[str, Commands] = MappingProxyType(
    {
        "kubernetes": Commands(
            restart="kubectl rollout restart deployment/NAME",
            roll_back="kubectl rollout undo deployment/NAME",
            releases="kubectl rollout history deployment/NAME",
            load="kubectl top pod -l app=NAME",
            state="kubectl describe pod -l app=NAME",
            scale_out="kubectl scale deployment/NAME --replicas=8",
            restart_one="kubectl delete pod SLOW_POD",
        ),
        "compose": Commands(
            restart="docker compose restart NAME",
            # Compose keeps no former release: the tag in the file is the release.
            roll_back="put the former image back in compose.yaml, then docker compose up -d --no-deps NAME.",
            releases="docker compose images NAME",
            load="docker compose stats --no-stream NAME",
            state="docker compose ps --all NAME",
            scale_out="docker compose up -d --no-recreate --scale NAME=2 NAME",
            restart_one="docker restart SLOW_CONTAINER",
        ),
        "systemd": Commands(
            restart="systemctl restart NAME",
            roll_back="install the former release, then systemctl restart NAME.",
            releases="journalctl -u NAME --since=-3h --no-pager -g Started",
            load="systemctl status NAME",
            state="systemctl show NAME -p NRestarts,Result,ExecMainStatus,MemoryPeak",
            scale_out="start an instance on another host.",
            restart_one="systemctl restart NAME",
        ),
    }
)


def told_of(command: str, component: str) -> str:
    """General advice with the component that is meant in the placeholder's stead."""
    return command.replace(PLACEHOLDER, component) if component else command
