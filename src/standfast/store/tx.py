"""One transaction, with a part for each room. Flows name the parts they use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import text

from standfast.store.accounts import AccountRows
from standfast.store.alerting import AlertRows
from standfast.store.asked import AskedRows
from standfast.store.audit import AuditRows
from standfast.store.chores import ChoreRows
from standfast.store.deploys import DeployRows
from standfast.store.exclusions import ExclusionRows
from standfast.store.files import FileRows
from standfast.store.gate import GateRows
from standfast.store.incidents import IncidentRows
from standfast.store.levels import LevelRows
from standfast.store.monitoring import MonitoringRows
from standfast.store.outbox import OutboxRows
from standfast.store.paging import PageRows
from standfast.store.recovery import RecoveryRows
from standfast.store.reports import ReportRows
from standfast.store.review import ReviewRows
from standfast.store.trials import TrialRows
from standfast.store.trimming import TrimRows
from standfast.store.vitals import VitalRows
from standfast.store.written import WrittenRows
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


class Tx:
    def __init__(self, connection: Connection, clock: Clock = utc_now) -> None:
        self._connection, self._clock = connection, clock

    def now(self) -> datetime:
        """The instant that leases are taken by: the database's own on PostgreSQL, shared by all servers."""
        if self._connection.dialect.name != "postgresql":
            return self._clock()
        moment: datetime = self._connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment

    @cached_property
    def accounts(self) -> AccountRows:
        return AccountRows(self._connection)

    @cached_property
    def alerting(self) -> AlertRows:
        return AlertRows(self._connection)

    @cached_property
    def asked(self) -> AskedRows:
        return AskedRows(self._connection)

    @cached_property
    def audit(self) -> AuditRows:
        return AuditRows(self._connection)

    @cached_property
    def chores(self) -> ChoreRows:
        return ChoreRows(self._connection)

    @cached_property
    def deploys(self) -> DeployRows:
        return DeployRows(self._connection)

    @cached_property
    def exclusions(self) -> ExclusionRows:
        return ExclusionRows(self._connection)

    @cached_property
    def files(self) -> FileRows:
        return FileRows(self._connection)

    @cached_property
    def gate(self) -> GateRows:
        return GateRows(self._connection)

    @cached_property
    def incidents(self) -> IncidentRows:
        return IncidentRows(self._connection)

    @cached_property
    def levels(self) -> LevelRows:
        return LevelRows(self._connection)

    @cached_property
    def monitoring(self) -> MonitoringRows:
        return MonitoringRows(self._connection)

    @cached_property
    def outbox(self) -> OutboxRows:
        return OutboxRows(self._connection)

    @cached_property
    def paging(self) -> PageRows:
        return PageRows(self._connection)

    @cached_property
    def recovery(self) -> RecoveryRows:
        return RecoveryRows(self._connection)

    @cached_property
    def reports(self) -> ReportRows:
        return ReportRows(self._connection)

    @cached_property
    def review(self) -> ReviewRows:
        return ReviewRows(self._connection)

    @cached_property
    def trials(self) -> TrialRows:
        return TrialRows(self._connection)

    @cached_property
    def trimming(self) -> TrimRows:
        return TrimRows(self._connection)

    @cached_property
    def written(self) -> WrittenRows:
        return WrittenRows(self._connection)

    @cached_property
    def vitals(self) -> VitalRows:
        return VitalRows(self._connection)
