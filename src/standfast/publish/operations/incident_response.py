"""incident-response.md: how bad, who does what, and the first fifteen minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.incidents.checklist import MAJOR, WORKFLOW
from standfast.publish.document import Document, Region
from standfast.publish.edition import names
from standfast.publish.markdown import bullets, code, escape, join, percent, span, table
from standfast.spec.values import Sev, Severity, Strength

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.incidents.checklist import Task
    from standfast.publish.edition import Edition
    from standfast.spec.system import Need

ROLES = {
    "commander": ("Incident Commander", "coordinates and decides; does not debug"),
    "technical": ("Technical Lead", "finds the cause and mends it"),
    "communications": ("Communications Lead", "tells users and management, every 30 minutes"),
    "scribe": ("Scribe", "writes the timeline as it happens"),
}
SEV_OF = dict(zip(Severity, Sev, strict=True))


def document(edition: Edition) -> Document:
    return edition.document(
        "docs/operations/incident-response.md",
        "Incident response",
        Region(id="severities", body=_severities(edition)),
        Region(id="roles", body=_roles(edition)),
        Region(id="workflow", body=_workflow(edition)),
        Region(id="degradation", body=_degradation(edition)),
        Region(id="duties", body=_duties(edition)),
    )


def _severities(edition: Edition) -> str:
    rules = edition.system.incidents.rules
    if not rules:
        return join(
            "## How bad is it?",
            edition.owed("INC-01", "DevOps/Platform", "What is a SEV1, and who leads it?"),
        )
    alerts = {sev: level for level, sev in SEV_OF.items()}
    rows = [
        [
            sev.value,
            escape(rule.when),
            (span(rule.respond) if rule.respond else "next business day")
            + edition.mark(f"incidents.{sev}.respond"),
            alerts[sev].value,
            escape(rule.channel) or code(f"#inc-YYYYMMDD-{sev.lower()}-…"),
        ]
        for sev, rule in sorted(rules.items())
    ]
    return join(
        "## How bad is it?",
        "If unsure, take the worse one; lowering it later costs nothing.",
        table(["Level", "When", "Answered within", "Alerts that open it", "Channel"], rows),
    )


def _roles(edition: Edition) -> str:
    wanted = list(
        dict.fromkeys(
            role for rule in edition.system.incidents.rules.values() for role in rule.roles
        )
    )
    if not wanted:
        return join(
            "## Who does what",
            edition.owed("INC-01", "DevOps/Platform", "Which roles does a SEV1 fill?"),
        )
    rows = []
    for role in wanted:
        title, duty = ROLES.get(role, (role, "as agreed"))
        levels = [
            sev.value
            for sev, rule in sorted(edition.system.incidents.rules.items())
            if role in rule.roles
        ]
        rows.append([escape(title), escape(duty), ", ".join(levels)])
    leads = dict.fromkeys(team.lead for team in edition.system.teams.values() if team.lead)
    return join(
        "## Who does what",
        table(["Role", "Responsibility", "Filled for"], rows),
        "Whoever answers first is commander until somebody takes it over, saying so in the channel."
        + (
            f" Management to call: {', '.join(edition.person(one) for one in leads)}."
            if leads
            else ""
        ),
    )


_HINTS = {
    "alert-received": "the runbook it names is open",
    "acknowledge-alert": "that stops the escalation",
    "initial-assessment": "who notices, what changed, since when?",
    "assign-severity": "if unsure, the worse one",
    "identify-systems": "the overview shows what is unwell",
    "blast-radius": "each runbook lists it",
    "escalation-need": "page the secondary now rather than later",
    "implement-mitigation": "roll back, fail over, degrade: users first, causes later",
    "verify-restored": "try the user's journey, not only the graph; watch it for 30 minutes",
    "clear-status": "set it to resolved only after that",
    "notify-stakeholders": "everybody who was told that it began",
    "preserve-evidence": "logs, graphs, the timeline",
    "create-report": "the draft of the post-mortem has the timeline already",
    "track-actions": "each with one owner and a date",
}


def _workflow(edition: Edition) -> str:
    policy = edition.system.incidents
    within = span(policy.post_mortem_within) + edition.mark("incidents.post_mortem.within")
    graves = names(policy.post_mortem_for) or "none stated"
    boxes = {
        "Response team": "from minute 15, for SEV1 and SEV2",
        "Resolution": "until users are well; a message every 30 minutes",
        "Post-incident": f"post-mortem within {within} for {graves}",
    }
    return join(
        "## Phase by phase",
        "The clock starts with the first alert.",
        _clock(edition),
        *(
            join(
                f"### {number}. {phase.name} ({phase.within.replace('-', '–') or boxes[phase.name]})",
                bullets((_task(edition, task) for task in phase.tasks), box=True),
            )
            for number, phase in enumerate(WORKFLOW, 1)
        ),
        "Templates: [post-mortem](post-mortem-template.md); runbooks: [index](README.md).",
    )


def _clock(edition: Edition) -> str:
    """Each severity's own deadlines, as minutes after the alert."""
    policy = edition.system.incidents
    rows = [
        [
            sev.value,
            span(rule.respond) if rule.respond else "next business day",
            span(rule.respond + TRIAGE) if rule.respond else "the same day",
            "yes" if sev in MAJOR else "no",
            span(policy.post_mortem_within) if sev in policy.post_mortem_for else "not asked for",
        ]
        for sev, rule in sorted(policy.rules.items())
    ]
    head = ["Level", "Answered by", "Triaged by", "Response team", "Post-mortem within"]
    return table(head, rows) if rows else ""


TRIAGE = timedelta(minutes=10)
"""The seed's five to fifteen minutes: what triage may take once somebody has answered."""


def _task(edition: Edition, task: Task) -> str:
    text = task.text
    if task.id == "schedule-post-mortem":
        text = f"Schedule post-mortem (within {span(edition.system.incidents.post_mortem_within)})"
    only = "" if len(task.only) == len(Sev) else f" ({', '.join(sorted(task.only))})"
    hint = _HINTS.get(task.id)
    return f"{text}{only}" + (f": {hint}" if hint else "")


# ------------------------------------------------------------------ getting by with less


def _degradation(edition: Edition) -> str:
    rows = [
        [
            escape(one.scenario),
            escape(one.of or "–"),
            escape(one.do),
            escape(one.users_see)
            + (f" ({span(one.stale_at_most)} at most)" if one.stale_at_most else ""),
        ]
        for one in edition.system.degradations
    ]
    needs = [
        (name, need)
        for name, part in edition.system.components.items()
        for need in part.needs.values()
    ]
    asked = edition.owed(
        "DEP-03",
        "Solution Architect",
        "What does the system do while something it needs is slow or gone?",
    )
    return join(
        "## Getting by with less",
        table(["When", "Component", "Do", "Users see"], rows) if rows else asked,
        _fallbacks(needs),
        _breakers(needs),
    )


def _fallbacks(needs: Sequence[tuple[str, Need]]) -> str:
    rows = [
        [
            f"{escape(name)} without {escape(need.to)}",
            escape(need.fallback or "none stated (DEP-03: Solution Architect)"),
            percent(need.effectiveness) if need.effectiveness is not None else "never drilled",
            escape(need.users_see or "not stated (DEP-03: Business Analyst)"),
        ]
        for name, need in needs
        if need.strength is Strength.SOFT
    ]
    head = ["Case", "Fallback", "Works", "Users see"]
    return join("### Fallbacks, by themselves", table(head, rows)) if rows else ""


def _breakers(needs: Sequence[tuple[str, Need]]) -> str:
    rows = [
        [
            f"{escape(name)} → {escape(need.to)}",
            f"{percent(need.breaker.rate)} fail in {span(need.breaker.window)}"
            + (f", of {need.breaker.min_calls} calls or more" if need.breaker.min_calls else ""),
            span(need.breaker.reset),
            escape(need.fallback or "none"),
        ]
        for name, need in needs
        if need.breaker
    ]
    head = ["Breaker", "Opens when", "Tries again after", "Meanwhile"]
    return join("### Circuit breakers", table(head, rows)) if rows else ""


# ------------------------------------------------------------------ whom we must tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    whom: str
    within: str
    where: str


DUTIES = {
    "gdpr": (
        Duty(whom="the supervisory authority", within="72h of knowing", where="GDPR, Article 33"),
        Duty(
            whom="the persons concerned, where the risk to them is high",
            within="without undue delay",
            where="GDPR, Article 34",
        ),
    ),
    "hipaa": (
        Duty(
            whom="the persons concerned",
            within="without unreasonable delay, 60 days at most",
            where="45 CFR 164.404",
        ),
        Duty(
            whom="the Secretary of HHS: with 500 persons or more at the same time, else yearly",
            within="60 days at most",
            where="45 CFR 164.408",
        ),
        Duty(
            whom="the media, with more than 500 persons of one state",
            within="60 days at most",
            where="45 CFR 164.406",
        ),
    ),
    "pci-dss": (
        Duty(
            whom="the acquirer and the payment brands",
            within="at once, as their contracts say",
            where="PCI DSS v4.0.1, 12.10.1",
        ),
    ),
    "soc2": (
        Duty(
            whom="the customers, as their contracts say",
            within="as stated there",
            where="trust services criteria, CC7.4 and CC2.3",
        ),
    ),
    "sox": (
        Duty(
            whom="investors, by Form 8-K, where the incident is material",
            within="4 business days of finding it so",
            where="SEC Form 8-K, Item 1.05",
        ),
    ),
}


def _duties(edition: Edition) -> str:
    system = edition.system
    regimes = system.compliance.regimes
    rows = [
        [escape(regime), duty.whom, _within(edition, regime, duty), duty.where]
        for regime in regimes or ()
        for duty in DUTIES.get(regime, ())
    ]
    if regimes is None:
        told = edition.owed("CMP-00", "Legal", "Which regimes apply, and so whom must we tell?")
    elif rows:
        told = table(["Regime", "Whom", "Within", "Says"], rows)
    else:
        told = "The file states no regime that asks for it; contracts may."
    personal = [
        one.name
        for one in system.data.values()
        if set(one.kinds) & {"personal", "health", "card"} or one.sensitive
    ]
    legal = system.incidents.legal_contact
    vendors = [
        f"{escape(part.vendor or part.name)}: <{part.status_page}>"
        for part in system.components.values()
        if part.status_page
    ]
    return join(
        "## Whom we must tell",
        "If one of these may have leaked, been changed or been lost, the clocks below run from the moment "
        f"somebody knows: {names(personal) or 'no such data is declared'}.",
        told,
        f"Before anybody is told: call {edition.person(legal)}."
        if legal
        else edition.owed("INC-02", "Legal", "Who is called when personal data may have leaked?"),
        join("Status pages of those we depend on:", bullets(vendors)) if vendors else "",
    )


def _within(edition: Edition, regime: str, duty: Duty) -> str:
    """The file's own clock where it is the authority's; hours, since that is how people count it."""
    clock = edition.system.incidents.breach_clock
    if regime != "gdpr" or clock is None or duty.where != "GDPR, Article 33":
        return duty.within
    return f"{clock // timedelta(hours=1)}h of knowing"
