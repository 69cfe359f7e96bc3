"""The schema of the first release.

The triggers that refuse to change the audit log come with it.
"""

import sqlalchemy as sa
from alembic import op

from standfast.store.audit_tables import REFUSED, refusals
from standfast.store.columns import Instant, JsonText, Span
from standfast.store.levels import Exact

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_accounts")),
    )
    op.create_table(
        "ack_tokens",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_ack_tokens")),
    )
    op.create_index("ix_ack_tokens_expires_at", "ack_tokens", ["expires_at"], unique=False)
    op.create_table(
        "channel_tests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("failed_at", Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_tests")),
    )
    op.create_index(
        "ix_channel_tests_way",
        "channel_tests",
        ["person", "channel", "address", "asked_at"],
        unique=False,
    )
    op.create_index("ix_channel_tests_asked_at", "channel_tests", ["asked_at"], unique=False)
    op.create_table(
        "alert_episodes",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("fired_at", Instant(), nullable=True),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.Column("runbook", sa.Text(), nullable=True),
        sa.Column("labels", JsonText(), nullable=False),
        sa.Column("episode", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=True),
        sa.Column("good_since", Instant(), nullable=True),
        sa.Column("blind_since", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", "episode", name=op.f("pk_alert_episodes")),
    )
    op.create_index("ix_alert_episodes_fired_at", "alert_episodes", ["fired_at"], unique=False)
    op.create_table(
        "alerts",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("fired_at", Instant(), nullable=True),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.Column("runbook", sa.Text(), nullable=True),
        sa.Column("labels", JsonText(), nullable=False),
        sa.Column("episode", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=True),
        sa.Column("good_since", Instant(), nullable=True),
        sa.Column("blind_since", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_alerts")),
    )
    op.create_table(
        "asked_levels",
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("read_to", Instant(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("bad", sa.Text(), nullable=False),
        sa.Column("total", sa.Text(), nullable=False),
        sa.Column("bad_carried", sa.Float(), nullable=False),
        sa.Column("total_carried", sa.Float(), nullable=False),
        sa.Column("next_due", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("indicator", name=op.f("pk_asked_levels")),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "size", name=op.f("pk_audit_checkpoints")),
    )
    op.create_table(
        "audit_heads",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("pruned", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "audit_nodes",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("level", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "level", "index", name=op.f("pk_audit_nodes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_payloads",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq", name=op.f("pk_audit_payloads")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_producers",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("producer", sa.Text(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "producer", name=op.f("pk_audit_producers")),
    )
    op.create_table(
        "audit_records",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column(
            "timestamp",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("actor_type", sa.Text(), nullable=False),
        sa.Column(
            "actor", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column(
            "action", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("target_type", sa.Text(), nullable=True),
        sa.Column(
            "target", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True
        ),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("core", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq", name=op.f("pk_audit_records")),
        sa.UniqueConstraint("stream", "id", name=op.f("uq_audit_records_stream_id")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_audit_records_action", "audit_records", ["stream", "action", "seq"], unique=False
    )
    op.create_index(
        "ix_audit_records_actor", "audit_records", ["stream", "actor", "seq"], unique=False
    )
    op.create_index(
        "ix_audit_records_target", "audit_records", ["stream", "target", "seq"], unique=False
    )
    op.create_index(
        "ix_audit_records_timestamp", "audit_records", ["stream", "timestamp"], unique=False
    )
    op.create_table(
        "audit_subjects",
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("erased_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_audit_subjects")),
        sa.UniqueConstraint("lookup", name=op.f("uq_audit_subjects_lookup")),
    )
    op.create_table(
        "backup_copies",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("record", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("store", "id", name=op.f("pk_backup_copies")),
    )
    op.create_index(
        op.f("ix_backup_copies_finished_at"), "backup_copies", ["finished_at"], unique=False
    )
    op.create_table(
        "backup_dues",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("next_due", Instant(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store", "kind", name=op.f("pk_backup_dues")),
    )
    op.create_table(
        "backup_proofs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("record", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_proofs")),
    )
    op.create_index(op.f("ix_backup_proofs_at"), "backup_proofs", ["at"], unique=False)
    op.create_table(
        "budget_history",
        sa.Column("objective", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("left", Exact(), nullable=False),
        sa.PrimaryKeyConstraint("objective", "at", name=op.f("pk_budget_history")),
    )
    op.create_table(
        "chores",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )
    op.create_table(
        "component_health",
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("component", "since", name=op.f("pk_component_health")),
    )
    op.create_table(
        "counter_values",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("started", Instant(), nullable=True),
        sa.Column("known_from", Instant(), nullable=True),
        sa.Column("series", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_counter_values")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("watched_from", Instant(), nullable=False),
        sa.Column("began_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("good_at", Instant(), nullable=True),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("took", Span(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "file_versions",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("texts", JsonText(), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=False),
        sa.Column("accepted_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_file_versions")),
    )
    op.create_table(
        "findings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_table(
        "finding_answers",
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("instead", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("finding", "at", "answer", "by", name=op.f("pk_finding_answers")),
    )
    op.create_table(
        "gate_overrides",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_gate_overrides")),
    )
    op.create_index(
        "ix_gate_overrides_service", "gate_overrides", ["service", "until"], unique=False
    )
    op.create_table(
        "gauges",
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("component", "signal", "at", name=op.f("pk_gauges")),
    )
    op.create_index("ix_gauges_at", "gauges", ["at"], unique=False)
    op.create_table(
        "gauges_newest",
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("component", "signal", name=op.f("pk_gauges_newest")),
    )
    op.create_table(
        "incident_numbers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_incident_numbers")),
    )
    op.create_table(
        "incident_timeline",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_incident_timeline")),
    )
    op.create_index(
        "ix_incident_timeline_incident", "incident_timeline", ["incident", "at"], unique=False
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sev", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("declared_by", sa.Text(), nullable=False),
        sa.Column("declared_at", Instant(), nullable=False),
        sa.Column("began_at", Instant(), nullable=True),
        sa.Column("detected_at", Instant(), nullable=True),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("mitigated_at", Instant(), nullable=True),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("progressed_at", Instant(), nullable=True),
        sa.Column("alerts", JsonText(), nullable=False),
        sa.Column("holdings", JsonText(), nullable=False),
        sa.Column("done", JsonText(), nullable=False),
        sa.Column("actions", JsonText(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index("ix_incidents_declared_at", "incidents", ["declared_at"], unique=False)
    op.create_index("ix_incidents_state", "incidents", ["state", "component"], unique=False)
    op.create_table(
        "level_statuses",
        sa.Column("objective", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("bad", Exact(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("covered", Span(), nullable=False),
        sa.Column("starts", Instant(), nullable=False),
        sa.Column("ends", Instant(), nullable=False),
        sa.Column("left", Exact(), nullable=True),
        sa.Column("left_events", Exact(), nullable=True),
        sa.Column("left_time", Span(), nullable=True),
        sa.Column("achieved", Exact(), nullable=True),
        sa.Column("coverage", Exact(), nullable=False),
        sa.Column("burn", Exact(), nullable=True),
        sa.Column("exhausted_at", Instant(), nullable=True),
        sa.Column("burns", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("objective", name=op.f("pk_level_statuses")),
    )
    op.create_table(
        "measured_edges",
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("watched_from", Instant(), nullable=False),
        sa.Column("called_at", Instant(), nullable=True),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("degraded", sa.BigInteger(), nullable=False),
        sa.Column("degraded_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("component", "to", name=op.f("pk_measured_edges")),
    )
    op.create_table(
        "outbox",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("loop", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_page", "outbox", ["page"], unique=False)
    op.create_index("ix_outbox_state", "outbox", ["state", "severity", "due_at"], unique=False)
    op.create_table(
        "pages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("episode", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("rota", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("loop", sa.Integer(), nullable=False),
        sa.Column("next_action_at", Instant(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("runbook", sa.Text(), nullable=True),
        sa.Column("incident", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
    )
    op.create_index("ix_pages_alert", "pages", ["alert", "episode"], unique=True)
    op.create_index("ix_pages_incident", "pages", ["incident"], unique=False)
    op.create_index("ix_pages_next_action_at", "pages", ["next_action_at"], unique=False)
    op.create_index("ix_pages_opened_at", "pages", ["opened_at"], unique=False)
    op.create_table(
        "policy_states",
        sa.Column("objective", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("freezes", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("objective", "since", name=op.f("pk_policy_states")),
    )
    op.create_table(
        "report_editions",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("of", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("corrections", JsonText(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("files", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_report_editions")),
        sa.UniqueConstraint(
            "period", "of", "edition", name=op.f("uq_report_editions_period_of_edition")
        ),
    )
    op.create_table(
        "report_files",
        sa.Column("report", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("report", "name", name=op.f("pk_report_files")),
    )
    op.create_table(
        "send_attempts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", "attempt", name=op.f("pk_send_attempts")),
    )
    op.create_index("ix_send_attempts_page", "send_attempts", ["page"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_table(
        "sli_counts",
        sa.Column("indicator", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("sum_bad", sa.BigInteger(), nullable=False),
        sa.Column("sum_total", sa.BigInteger(), nullable=False),
        sa.Column("sum_covered", Span(), nullable=False),
        sa.PrimaryKeyConstraint("indicator", "at", name=op.f("pk_sli_counts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sli_indicators",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("first_seen", Instant(), nullable=False),
        sa.Column("minutes_until", Instant(), nullable=False),
        sa.Column("quarters_until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sli_indicators")),
        sa.UniqueConstraint("key", name=op.f("uq_sli_indicators_key")),
    )
    op.create_table(
        "target_schedule",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("next_due", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_target_schedule")),
    )
    op.create_table(
        "slo_exclusions",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("of", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts", Instant(), nullable=False),
        sa.Column("ends", Instant(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_slo_exclusions")),
    )
    op.create_index("ix_slo_exclusions_ends", "slo_exclusions", ["ends"], unique=False)
    op.create_table(
        "deploys",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_deploys")),
    )
    op.create_index("ix_deploys_component", "deploys", ["component", "at"], unique=False)
    op.create_table(
        "web_vitals",
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("vital", sa.Text(), nullable=False),
        sa.Column("hour", Instant(), nullable=False),
        sa.Column("bucket", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("loads", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("page", "vital", "hour", "bucket", name=op.f("pk_web_vitals")),
    )
    op.create_index("ix_web_vitals_hour", "web_vitals", ["hour"], unique=False)
    op.create_table(
        "target_floods",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_target_floods")),
    )
    op.create_table(
        "target_states",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("latency", Span(), nullable=True),
        sa.Column("expires", Instant(), nullable=True),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("detail", JsonText(), nullable=False),
        sa.Column("notes", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_target_states")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", JsonText(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
    )
    op.create_table(
        "written_rises",
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("by", sa.Float(), nullable=False),
        sa.Column("arrived", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("component", "at", "series", name=op.f("pk_written_rises")),
    )
    op.create_index("ix_written_rises_arrived", "written_rises", ["arrived"], unique=False)
    op.create_table(
        "written_series",
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("seen", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("component", "series", name=op.f("pk_written_series")),
    )

    dialect = op.get_bind().dialect.name
    for table in REFUSED:
        for statement in refusals(dialect, table):
            op.execute(sa.DDL(statement))  # type: ignore[no-untyped-call]  # of SQLAlchemy
