"""What a notification says: enough to decide at three in the morning, on a telephone."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.paging.ending import page_key
from standfast.paging.notification import Kind
from standfast.paging.reach import address
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from standfast.paging.notification import Notification
    from standfast.paging.page import Page
    from standfast.paging.trial import Trial
    from standfast.spec.system import System

_SUBJECT = 180  # characters; more is cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    key: str  # idempotency key
    to: str
    subject: str
    text: str
    payload: str  # JSON, for webhooks
    severity: Severity
    answers: str = ""  # the key of the message that this one follows

    @property
    def message_id(self) -> str:
        """RFC 5322 Message-ID: the same for every attempt, so that a duplicate shows as one."""
        return message_id(self.key)

    @property
    def in_reply_to(self) -> str:
        """The Message-ID of what it follows: a mail program shows the two together."""
        return message_id(self.answers) if self.answers else ""


def message_id(key: str) -> str:
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@standfast>"


def compose(
    page: Page,
    one: Notification,
    system: System,
    *,
    others: Sequence[Notification] = (),
    token: str = "",
    now: datetime,
) -> Message:
    """`others` are the page's other notifications; without `server.public_url` there is no link."""
    if one.kind is Kind.OVER:
        return _over(page, one, system, now)
    base = (system.server.public_url or "").rstrip("/")
    link = f"{base}/ack/{token}" if base and token else ""
    runbook = _runbook(page, system, base)
    told = tuple(
        dict.fromkeys(
            _told(other, system)
            for other in others
            if other.key != one.key and other.kind is Kind.PAGE
        )
    )
    subject = _line(page.title)[:_SUBJECT]
    text = "\n".join(
        filter(
            None,
            (
                f"{page.title}\n",
                f"Why: {page.body}\n" if page.body else "",
                f"System: {system.name}",
                f"Component: {page.component}",
                f"Severity: {page.severity}{_respond(page, system)}",
                f"Since: {page.opened_at:%Y-%m-%d %H:%M:%S} UTC",
                f"Runbook: {runbook}" if runbook else "",
                f"Incident: {page.incident}" if page.incident else "",
                f"\nAcknowledge: {link}" if link else "",
                f"Or: standfast page acknowledge {page.id}",
                f"\nAlso told: {', '.join(told)}" if told else "\nNobody else has been told yet.",
                f"Escalation: {page.why}" if page.why else "",
                f"Sent {now:%H:%M:%S} UTC, attempt {one.attempts}.",
            ),
        )
    )
    return Message(
        key=one.key,
        to=address(one.person, system.channels[one.channel], system),
        subject=subject,
        text=text + "\n",
        payload=_payload(page, one, system, told=told, link=link, runbook=runbook),
        severity=page.severity,
    )


def compose_test(
    one: Notification, trial: Trial, system: System, *, token: str, now: datetime
) -> Message:
    """Says first of all that nothing is wrong; it rings as loudly as the gravest page by its channel."""
    base = (system.server.public_url or "").rstrip("/")
    link = f"{base}/test-page/{token}" if base else ""
    person = system.people.get(one.person)
    who = person.name if person else "the receiver of this channel"
    holds = (now + system.server.channels_verified_for).date().isoformat()
    title = _line(f"TEST: does {one.channel} reach {who}?")[:_SUBJECT]
    text = "\n".join(
        filter(
            None,
            (
                f"{title}\n",
                "This is a test page of standfast: nothing is wrong.",
                f"Answer it, and this way to you counts as verified until {holds}.",
                f"System: {system.name}",
                f"Asked for by: {trial.asked_by}, {trial.asked_at:%Y-%m-%d %H:%M:%S} UTC",
                f"\nAnswer: {link}" if link else "",
                f"Or: standfast on-call answer {token}",
                "It can be answered for a day.",
                f"Sent {now:%H:%M:%S} UTC, attempt {one.attempts}.",
            ),
        )
    )
    value = {
        "text": f"{title}\nNothing is wrong. Answer: {link or token}",
        "key": one.key,
        "status": "test",
        "test": True,
        "system": system.name,
        "severity": _gravest(one.channel, system).value,
        "title": title,
        "channel": one.channel,
        "asked_by": trial.asked_by,
        "answer": link or None,
        "code": token,
        "person": _person(one, system),
    }
    return Message(
        key=one.key,
        to=address(one.person, system.channels[one.channel], system),
        subject=title,
        text=text + "\n",
        payload=json.dumps(value, ensure_ascii=False, sort_keys=True),
        severity=_gravest(one.channel, system),
    )


def _gravest(channel: str, system: System) -> Severity:
    rules = system.severities.values()
    return min((one.severity for one in rules if channel in one.notify), default=Severity.P3)


def _payload(
    page: Page,
    one: Notification,
    system: System,
    *,
    told: Sequence[str],
    link: str,
    runbook: str,
) -> str:
    value = {
        "text": f"{page.title}\n{page.body}\n{link}".strip(),  # chat webhooks show this field
        "key": one.key,
        "status": "firing",
        "page": page.id,
        "system": system.name,
        "severity": page.severity.value,
        "component": page.component,
        "title": page.title,
        "because": page.body,
        "opened_at": page.opened_at.isoformat(),
        "incident": page.incident,
        "runbook": runbook or None,
        "acknowledge": link or None,
        "also_told": list(told),
        "person": _person(one, system),
    }
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _over(page: Page, one: Notification, system: System, now: datetime) -> Message:
    """The alert has ended: nothing is to be done for the page, though perhaps for its incident."""
    base = (system.server.public_url or "").rstrip("/")
    ended = page.closed_at or now
    answered = f"Acknowledged by: {page.acknowledged_by}" if page.acknowledged_by else ""
    where = f" {base}/incidents/{page.incident}" if base and page.incident else ""
    text = "\n".join(
        filter(
            None,
            (
                f"Resolved: {page.title}\n",
                f"{page.why[:1].upper()}{page.why[1:]}." if page.why else "",
                f"It was: {page.body}\n" if page.body else "",
                f"System: {system.name}",
                f"Component: {page.component}",
                f"Since: {page.opened_at:%Y-%m-%d %H:%M:%S} UTC",
                f"Until: {ended:%Y-%m-%d %H:%M:%S} UTC, {_lasted(page, ended)}",
                answered,
                f"Incident: {page.incident}{where}" if page.incident else "",
                "\nNothing is left to do for this page."
                + (" Its incident ends when somebody resolves it." if page.incident else ""),
                f"Sent {now:%H:%M:%S} UTC, attempt {one.attempts}.",
            ),
        )
    )
    value = {
        "text": f"Resolved: {page.title}\n{page.why}".strip(),
        "key": one.key,
        "status": "resolved",
        "follows": page_key(one.key),
        "page": page.id,
        "system": system.name,
        "severity": page.severity.value,
        "component": page.component,
        "title": page.title,
        "because": page.why,
        "opened_at": page.opened_at.isoformat(),
        "closed_at": ended.isoformat(),
        "incident": page.incident,
        "person": _person(one, system),
    }
    return Message(
        key=one.key,
        to=address(one.person, system.channels[one.channel], system),
        subject=_line(f"Resolved: {page.title}")[:_SUBJECT],
        text=text + "\n",
        payload=json.dumps(value, ensure_ascii=False, sort_keys=True),
        severity=one.severity,
        answers=page_key(one.key),
    )


def _lasted(page: Page, ended: datetime) -> str:
    seconds = int((ended - page.opened_at).total_seconds())
    return f"{seconds // 60} min" if seconds >= 120 else f"{seconds} s"


def _person(one: Notification, system: System) -> dict[str, str | None] | None:
    known = system.people.get(one.person)
    if known is None:
        return None
    return {"id": known.id, "name": known.name, "phone": known.phone, "chat": known.chat}


def _respond(page: Page, system: System) -> str:
    rule = system.severities.get(page.severity)
    if rule is None or rule.respond is None:
        return ""
    return f", to be answered within {int(rule.respond.total_seconds() // 60)} min"


def _runbook(page: Page, system: System, base: str) -> str:
    """A link where the file has one or we have an address; otherwise the runbook's title."""
    name = page.runbook or ""
    if "://" in name:
        return name
    known = system.runbooks.get(name)
    if known is None:
        return name
    where = (
        f"{base}/services/{page.component}" if base and page.component in system.components else ""
    )
    return " ".join(filter(None, (known.title, where)))


def _told(one: Notification, system: System) -> str:
    person = system.people.get(one.person)
    name = person.name if person else one.person or "the receiver"
    return f"{name} by {one.channel} ({one.state})"


def _line(text: str) -> str:
    """One line: a header must not be split by what an alert says."""
    return " ".join(text.split())
