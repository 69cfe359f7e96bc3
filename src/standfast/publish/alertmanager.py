"""alertmanager.yml: everything goes to standfast; while standfast is down, P1 and P2 reach people directly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.artefact import dump
from standfast.publish.document import Generated
from standfast.publish.prometheus.scrape import LOCAL

if TYPE_CHECKING:
    from standfast.publish.edition import Edition
    from standfast.spec.calling import Channel, Person
    from standfast.spec.system import System

ALERTMANAGER = "ops/generated/alertmanager/alertmanager.yml"
TOKEN = "/etc/alertmanager/standfast-token"  # noqa: S105  the file's name, not the token
INGEST = "/api/v1/alerts/alertmanager"


def alertmanager(edition: Edition) -> Generated:
    base = (edition.system.server.public_url or LOCAL).rstrip("/")
    content = {
        "route": {
            "receiver": "standfast",
            "group_by": ["component"],
            # standfast groups and holds back by itself; what waits here is only late.
            "group_wait": "1s",
            "group_interval": "15s",
            "repeat_interval": "5m",
            "routes": [
                {
                    "matchers": ['fallback="true"'],
                    "receiver": "fallback",
                    "group_wait": "10s",
                    "repeat_interval": "15m",
                }
            ],
        },
        "receivers": [
            {
                "name": "standfast",
                "webhook_configs": [
                    {
                        "url": base + INGEST,
                        "send_resolved": True,
                        "http_config": {
                            "authorization": {"type": "Bearer", "credentials_file": TOKEN}
                        },
                    }
                ],
            },
            {"name": "fallback", **_fallback(edition.system)},
        ],
    }
    return Generated(path=ALERTMANAGER, text=dump(edition, content))


def last_resort(system: System) -> tuple[Person, ...]:
    """Who is told when standfast cannot tell anybody: the catch-all, or else every team's lead."""
    wanted = [system.server.catch_all, *(team.lead for team in system.teams.values())]
    found = {name: system.people[name] for name in wanted if name and name in system.people}
    everyone = tuple(found.values())
    return everyone[:1] if system.server.catch_all in found else everyone


def fallback_channels(system: System) -> tuple[Channel, ...]:
    """Channels that Alertmanager can use by itself: mail, and webhooks whose address is no secret."""
    return tuple(
        channel
        for channel in system.channels.values()
        if channel.wakes and (channel.kind == "smtp" or isinstance(channel.url, str))
    )


def _fallback(system: System) -> dict[str, object]:
    mails = [
        _mail(channel, address)
        for channel in fallback_channels(system)
        if channel.kind == "smtp"
        for address in _addresses(system, channel)
    ]
    hooks = [
        {"url": channel.url, "send_resolved": True}
        for channel in fallback_channels(system)
        if channel.kind == "webhook"
    ]
    return ({"email_configs": mails} if mails else {}) | (
        {"webhook_configs": hooks} if hooks else {}
    )


def _addresses(system: System, channel: Channel) -> list[str]:
    return [channel.to] if channel.to else [one.email for one in last_resort(system) if one.email]


def _mail(channel: Channel, address: str) -> dict[str, object]:
    mail: dict[str, object] = {
        "to": address,
        "from": channel.sender or f"standfast@{channel.host}",
        "smarthost": f"{channel.host}:{channel.port}",
        "require_tls": channel.tls,
        "send_resolved": True,
    }
    if channel.username and channel.password:
        # Alertmanager reads no environment: `envsubst` renders the name, the password is a mounted file.
        mail["auth_username"] = f"${{{channel.username.name}}}"
        mail["auth_password_file"] = secret_file(channel.password.kind, channel.password.name)
    return mail


def secret_file(kind: str, name: str) -> str:
    """Where a secret lies for programs that read files only."""
    return name if kind == "file" else f"/etc/alertmanager/secrets/{name}"
