"""A commented file to start from: four lines that count, and what else could be said."""

from __future__ import annotations

import re

_TEXT = """\
# yaml-language-server: $schema=./standfast.schema.json
# What the system is and what it promises. Everything that is not written here is assumed, and listed
# by `standfast init --explain`. `standfast schema` prints the schema named above, for your editor.
apiVersion: standfast/v1
system: {name: NAME}                  # criticality: critical | high | medium | low

components:                           # what it is made of, and what needs what
  web:
    type: http                        # web | http | worker | postgresql | redis | queue | external ...
    url: https://NAME.test            # probed every 15 s
    needs: {db: hard}                 # hard: web is down when db is; soft: it goes on without
    # scrape: http://web:8000/metrics
    # health: {live: /health/live, ready: /health/ready, deep: /health/deep}
  db:
    type: postgresql
    # dsn: env:NAME_DB_DSN            # secrets by reference only: env:NAME or file:/path

# journeys:                           # what users must always be able to do
#   browse: {path: [web, db], slo: 99.5%}

# service_levels:
#   web-availability: {of: web, sli: availability, slo: 99.5%}
#   web-latency: {of: web, sli: latency, slo: p95 < 200ms}

# alerts:
#   web-down: {of: web, when: no successful requests for 1m despite traffic, severity: P1, runbook: api-down}

# people:
#   ada: {name: Ada Ito, email: ada@NAME.test, phone: "+49 30 1000001"}
# teams:
#   crew: {members: [ada], lead: ada}
# on_call:
#   crew: {covers: [crew], shift: {length: 1w, handover: Mon 09:00, order: [ada]}}
# channels:
#   page: {kind: smtp, host: 127.0.0.1, port: 25, from: standfast@NAME.test}

# data:
#   accounts: {store: db, class: critical, sensitive: [email], rpo: 5m, rto: 1h}
# backups:
#   db:
#     full: {at: "02:00 daily", keep: 30d, to: [local]}
#     wal: {continuous: true, streaming: true, keep: 7d, to: [local]}
# locations:
#   local: {path: /var/backups/NAME}

# compliance: {regimes: none}         # or [gdpr, pci-dss, hipaa, soc2, sox]
"""


def starting_file(name: str) -> str:
    """A valid file for a system called `name`, made fit to be one: letters, digits and hyphens."""
    fit = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "my-system"
    upper = fit.upper().replace("-", "_")
    return (
        _TEXT.replace("env:NAME_DB", f"env:{upper}_DB")
        .replace("env:NAME or", "env:\0 or")
        .replace("NAME", fit)
        .replace("\0", "NAME")
    )
