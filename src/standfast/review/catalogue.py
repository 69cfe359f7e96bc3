"""All rules there are, in the order in which they are published."""

from __future__ import annotations

from standfast.review import (
    alerting,
    audit_log,
    availability,
    backups,
    baselines,
    compliance,
    data,
    degradation,
    dependencies,
    health,
    incidents,
    inputs,
    monitoring,
    on_call,
    reachability,
    recovery,
    recovery_points,
    runbooks,
    service_levels,
    waivers,
)

RULES = (
    *inputs.RULES,
    *baselines.RULES,
    *dependencies.RULES,
    *availability.RULES,
    *service_levels.RULES,
    *monitoring.RULES,
    *health.RULES,
    *alerting.RULES,
    *on_call.RULES,
    *reachability.RULES,
    *incidents.RULES,
    *backups.RULES,
    *recovery_points.RULES,
    *recovery.RULES,
    *data.RULES,
    *audit_log.RULES,
    *compliance.RULES,
    *degradation.RULES,
    *runbooks.RULES,
    *waivers.RULES,
)
BY_ID = {rule.id: rule for rule in RULES}
