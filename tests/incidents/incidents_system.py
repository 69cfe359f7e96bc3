"""A small system for the tests of incidents."""

from __future__ import annotations

from standfast.spec import read_text

BLOG = read_text(
    """
system: {name: blog, criticality: critical, timezone: UTC}
components:
  web: {type: http, owner: web, url: "http://127.0.0.1:1", needs: {db: {strength: hard}}}
  db: {type: postgresql, owner: web}
journeys:
  read: {path: [web, db], slo: 99%, revenue_per_hour: 1200 EUR}
  write: {path: [web], slo: 99%}
service_levels:
  web-probes: {of: web, sli: probe, slo: 99%}
people:
  ada: {name: Ada Ito, email: ada@blog.test}
  bo: {name: Bo Lind, email: bo@blog.test}
teams:
  web: {members: [ada, bo], lead: ada}
incidents:
  SEV1: {respond: 5m, when: site down}
  post_mortem: {for: [SEV1, SEV2], within: 48h}
"""
)
