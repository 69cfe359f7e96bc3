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
        "budget_history",
        sa.Column("objective", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("left", Exact(), nullable=False),
        sa.PrimaryKeyConstraint("objective", "at", name=op.f("pk_budget_history")),
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
        sa.Column("series", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_counter_values")),
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
        "policy_states",
        sa.Column("objective", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("freezes", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("objective", "since", name=op.f("pk_policy_states")),
    )
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
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("bad", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("covered", Span(), nullable=False),
        sa.Column("sum_bad", sa.BigInteger(), nullable=False),
        sa.Column("sum_total", sa.BigInteger(), nullable=False),
        sa.Column("sum_covered", Span(), nullable=False),
        sa.PrimaryKeyConstraint("indicator", "at", name=op.f("pk_sli_counts")),
    )
    op.create_index("ix_sli_counts_at", "sli_counts", ["at"], unique=False)
    op.create_table(
        "sli_first_seen",
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("first_seen", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("indicator", name=op.f("pk_sli_first_seen")),
    )
    op.create_table(
        "target_schedule",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("next_due", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_target_schedule")),
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

    dialect = op.get_bind().dialect.name
    for table in REFUSED:
        for statement in refusals(dialect, table):
            op.execute(sa.DDL(statement))
