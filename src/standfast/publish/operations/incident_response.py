"""incident-response.md: how bad, who does what, and the first fifteen minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.document import Document, Region
from standfast.publish.edition import names
from standfast.publish.markdown import bullets, code, escape, join, span, table
from standfast.spec.values import Sev, Severity

if TYPE_CHECKING:
    from standfast.publish.edition import Edition

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
            escape(rule.when) + edition.mark(f"incidents.{sev}"),
            span(rule.respond) if rule.respond else "next business day",
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


def _workflow(edition: Edition) -> str:
    first = edition.system.severities.get(Severity.P1)
    answer = span(first.respond) if first and first.respond else "5m"
    within = span(edition.system.incidents.post_mortem_within)
    phases = (
        (
            f"Detection (0–{answer})",
            [
                "Acknowledge the page: that stops the escalation.",
                "Open the alert's runbook.",
                "Take a first look: who notices, and since when?",
                "Set the severity.",
            ],
        ),
        (
            "Triage (to 15 min)",
            [
                "Which components, which journeys? Each runbook lists the blast radius.",
                "Did something change? Deploys and configuration first.",
                "Is one person enough? Page the secondary now rather than later.",
                "SEV1 and SEV2: open the channel, fill the roles.",
            ],
        ),
        (
            "Mitigation",
            [
                "Roll back, fail over, degrade: users first, causes later.",
                "Say what you are about to do before you do it.",
                "Check the user's journey, not only the graph.",
            ],
        ),
        (
            "Afterwards",
            [
                "Alert cleared and journey checked for 30 minutes.",
                "Tell everybody who was told that it began.",
                (
                    f"Post-mortem within {within} for "
                    f"{names(edition.system.incidents.post_mortem_for) or 'none stated'}: "
                    "`post-mortem-template.md`."
                ),
                "Keep the evidence: logs, graphs, the timeline.",
                "Track every action to its end.",
            ],
        ),
    )
    return join(
        "## The first fifteen minutes, and after",
        *(join(f"### {title}", bullets(steps, box=True)) for title, steps in phases),
    )


def _duties(edition: Edition) -> str:
    policy = edition.system.incidents
    personal = [
        one.name
        for one in edition.system.data.values()
        if set(one.kinds) & {"personal", "health", "card"}
    ]
    clock = (
        f"within {span(policy.breach_clock)}"
        if policy.breach_clock
        else "within 72h (GDPR, Article 33)"
    )
    legal = (
        f"Call {edition.person(policy.legal_contact)}"
        if policy.legal_contact
        else edition.owed("INC-02", "Legal", "Who is called when personal data may have leaked?")
    )
    lines = [
        (
            f"If data may have leaked ({names(personal) or 'no personal data is declared'}), the "
            f"authority is told {clock} of knowing."
        )
    ]
    vendors = [
        f"{escape(part.vendor or part.name)}: <{part.status_page}>"
        for part in edition.system.components.values()
        if part.status_page
    ]
    return join(
        "## Whom we must tell",
        " ".join(lines),
        legal,
        join("Status pages of those we depend on:", bullets(vendors)) if vendors else "",
    )
