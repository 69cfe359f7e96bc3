"""The running platform: every flow with its store, drivers and clock, and the ticking that drives them."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

from standfast.app import evidence, rooms, sources
from standfast.app.answers import answers_of
from standfast.app.backup import protect
from standfast.app.health import STATUS_PAGE, look_at_database, watch_over
from standfast.app.keeping import Keeping
from standfast.app.reading import Read
from standfast.app.watching import FileWatch
from standfast.drivers import remote_write
from standfast.drivers.cgroup import ContainerLook
from standfast.drivers.dead_man import DeadManPing
from standfast.drivers.dns_probe import DnsProbe
from standfast.drivers.file_stamp import FileStamps
from standfast.drivers.files import Files, Tree
from standfast.drivers.grpc_probe import GrpcProbe
from standfast.drivers.host import HostLook
from standfast.drivers.http_probe import BoundedHttp, HealthPoll, HttpProbe
from standfast.drivers.http_request import HttpRequest
from standfast.drivers.icmp_probe import IcmpProbe
from standfast.drivers.passwords import Argon2Passwords
from standfast.drivers.prometheus import PrometheusRange
from standfast.drivers.resolver import Resolver
from standfast.drivers.s3 import Objects
from standfast.drivers.scrape import Scrape
from standfast.drivers.smtp import SmtpSend
from standfast.drivers.tcp_probe import TcpProbe
from standfast.drivers.tcp_talk import TcpTalk
from standfast.drivers.tls_probe import TlsProbe
from standfast.drivers.typesetter import Typesetter
from standfast.drivers.webhook import WebhookSend
from standfast.drivers.websocket_probe import WebSocketProbe
from standfast.engine import announce
from standfast.engine.accept import Accept
from standfast.engine.beat import Beats
from standfast.engine.consult import Consult
from standfast.engine.dead_man import LOOK, MAIN, DeadMan
from standfast.engine.deliver import Deliver
from standfast.engine.deploys import Deploys
from standfast.engine.escalate import Pages
from standfast.engine.evaluate import Evaluate
from standfast.engine.examine import Examine
from standfast.engine.exclude import Exclude
from standfast.engine.feel import Feel
from standfast.engine.follow import Follow
from standfast.engine.gate import Gate
from standfast.engine.intake import Intake
from standfast.engine.observe import Observe
from standfast.engine.pushes import Pushes
from standfast.engine.receive import Receipt, Receive
from standfast.engine.report import MakeReport
from standfast.engine.respond import Respond
from standfast.engine.retain import Retain
from standfast.engine.sign_in import SignIn
from standfast.engine.slice import Slice
from standfast.engine.ticking import Role, Ticking
from standfast.engine.trim import Trim
from standfast.engine.try_out import TryOut
from standfast.errors import StandfastError
from standfast.monitoring.target import REQUEST, STILL, TALK
from standfast_kit.clock import Clock, utc_now
from standfast_kit.kit import Kit

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from standfast.app.settings import Settings
    from standfast.engine.intake import Accepted, Reported
    from standfast.engine.observe import Ask, LookAt
    from standfast.review import Measured
    from standfast.spec.bucket import Bucket
    from standfast.spec.system import System

log = logging.getLogger(__name__)
_SECOND = timedelta(seconds=1)


class Platform:
    """Everything that one server does; `begin` starts it and `end` stops it."""

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self.settings, self.now = settings, clock
        self.resolver = Resolver()
        self.keeping = Keeping(settings.database, settings.data, clock)
        store = self.keeping.database
        self.record = self.keeping.record
        self.accept = Accept(store, Files(), clock)
        self.watch = FileWatch(self.accept, FileStamps(), settings.file)
        self.sign_in = SignIn(store, Argon2Passwords(), clock)
        self.observe = Observe(store, _looks(self.resolver), clock, asks=_asks(self.resolver))
        self.consult = Consult(store, PrometheusRange(BoundedHttp(resolver=self.resolver)), clock)
        self.receive = Receive(store)
        self.slice = Slice(store)
        follow = Follow()
        self.evaluate = Evaluate(store, follow, rooms.made)
        self.intake = Intake(store, follow)
        self.pushes = Pushes(store, self.accept.current, clock)
        self.beats = Beats(store, self.accept.current, clock)
        self.pages = Pages(store, clock)
        self.deliver = Deliver(
            store,
            {
                "smtp": SmtpSend(resolver=self.resolver),
                "webhook": WebhookSend(resolver=self.resolver),
            },
            chance=lambda: secrets.token_urlsafe(32),
            owner=f"{socket.gethostname()}/{os.getpid()}",
        )
        self.respond = Respond(store, self.accept.current, clock)
        self.exclude = Exclude(store, self.accept.current, clock)
        self.deploys = Deploys(store, self.accept.current, clock)
        self.feel = Feel(store, self.accept.current)
        self.gate = Gate(store, self.accept.current, clock)
        self.try_out = TryOut(
            store,
            self.accept.current,
            # Hexadecimal: people type it behind a command, where a leading "-" would be an option.
            chance=lambda: secrets.token_hex(32),
            clock=clock,
        )
        self.trim = Trim(store)
        self.retain = Retain(store, self.record)
        self.protect = protect(store, self.accept.current)
        self.examine = Examine(store, self._measured, answers_of(settings.file), clock)
        self.dead_man = DeadMan(
            DeadManPing(BoundedHttp(resolver=self.resolver)),
            lambda now: self.ticking.unwell(MAIN, now),
        )
        self.read = Read(self)
        self.report = MakeReport(
            store,
            self.read.report_rows,
            Typesetter(),
            self.keeping.keys,
            self.accept.current,
            clock,
        )
        self.announce = announce.Announce(self.read.status_page, self._status_page)
        self.ticking = Ticking(self._roles(), clock)
        self.kit = Kit("standfast", version("standfast"))
        self.at_shutdown: Callable[[], None] = lambda: None
        watch_over(self)
        self._ended = threading.Event()

    def begin(self) -> None:
        """Take the file and start the ticking. Raises FileError where there is no good file yet."""
        self.accept.propose(self.settings.file)
        self.ticking.start()

    def ending(self) -> None:
        """The end is near: streams close, nothing new begins."""
        self.at_shutdown()

    def end(self) -> None:
        if not self._ended.is_set():
            self._ended.set()
            if late := self.ticking.stop(patience=2.5):
                log.warning("still at work at the end: %s", ", ".join(late))
            self.observe.close()
            self.consult.close()
            self.deliver.close()
            self.protect.close()
            self._keep_page_loads()
            self.kit.close()
            self.keeping.close()

    def _keep_page_loads(self) -> None:
        """Those that came in since the last tick were answered for, and wait in memory."""
        try:
            self.feel.flush()
        except StandfastError as error:
            log.warning("the page loads of the last moments are lost: %s", error)

    def take_alerts(self, reports: tuple[Reported, ...]) -> tuple[Accepted, ...]:
        """Alerts from outside; answers after they, their pages and incidents are kept."""
        return self.intake.accept(reports, self.accept.current(), self.now())

    def take_written(self, body: bytes) -> Receipt:
        """Samples that a Prometheus writes; answers after they are kept."""
        return self.receive.take(remote_write.read(body), self.accept.current(), self.now())

    def verify(self) -> tuple[str, ...]:
        """What is wrong with the audit log, in sentences; empty where it is whole."""
        return tuple(str(finding) for finding in self.record.verify().findings)

    def reload(self) -> None:
        """Look at the file now; in a thread of its own, since a signal's handler may not wait."""
        threading.Thread(target=self.watch.propose, name="standfast-reload", daemon=True).start()

    def _measured(self, now: datetime) -> Measured:
        system = self.accept.current()
        known = self.keeping.database.read(lambda tx: evidence.measured(tx, system, now))
        return replace(known, sources=sources.changes(system, self.settings.file))

    def _status_page(self, place: Bucket | str) -> announce.Folder:
        """Where the file says; a relative folder begins where the file lies, wherever we were started."""
        if not isinstance(place, str):
            return Objects(place)
        return Tree(os.path.join(os.path.dirname(self.settings.file), place))  # noqa: PTH118, PTH120 - no file is touched

    def _roles(self) -> tuple[Role, ...]:
        return (
            Role(name="database", every=2 * _SECOND, work=lambda _now: look_at_database(self)),
            Role(name="file", every=2 * _SECOND, work=self.watch.tick),
            Role(name="observe", every=_SECOND, work=self._with_system(self.observe.tick)),
            Role(name="consult", every=_SECOND, work=self._with_system(self.consult.tick)),
            Role(name="receive", every=_SECOND, work=self._with_system(self.receive.tick)),
            Role(name="slice", every=_SECOND, work=self._with_system(self.slice.tick)),
            Role(
                name="evaluate",
                every=_SECOND,
                work=self._with_system(self.evaluate.tick),
                share=0.25,
            ),
            Role(name="escalate", every=_SECOND, work=self._with_system(self.pages.tick)),
            Role(name="deliver", every=_SECOND / 2, work=self._with_system(self.deliver.tick)),
            Role(name="protect", every=_SECOND, work=self._with_system(self.protect.tick)),
            Role(name="checkpoint", every=10 * _SECOND, work=self.record.checkpoint),
            Role(name="dead-man", every=LOOK, work=self._with_system(self.dead_man.tick)),
            Role(
                name="status-page",
                every=announce.LOOK,
                work=self._with_system(self.announce.tick),
                check=STATUS_PAGE,
            ),
            Role(name="reports", every=60 * _SECOND, work=self._with_system(self.report.tick)),
            Role(name="feel", every=2 * _SECOND, work=self._with_system(self.feel.tick)),
            Role(name="trim", every=60 * _SECOND, work=self._with_system(self.trim.tick)),
            Role(name="retention", every=60 * _SECOND, work=self._with_system(self.retain.tick)),
            Role(name="examine", every=60 * _SECOND, work=self._with_system(self.examine.tick)),
        )

    def _with_system(
        self, tick: Callable[[System, datetime], object]
    ) -> Callable[[datetime], object]:
        return lambda now: tick(self.accept.current(), now)


def _looks(resolver: Resolver) -> dict[str, LookAt]:
    http = BoundedHttp(resolver=resolver)
    return {
        "scrape": Scrape(http),
        "exporter": Scrape(http),
        "http": HttpProbe(http),
        STILL: HttpProbe(http, redirects=0),
        "tcp": TcpProbe(resolver=resolver),
        "dns": DnsProbe(),
        "host": HostLook(),
        "container": ContainerLook(),
        "icmp": IcmpProbe(resolver=resolver),
        "tls": TlsProbe(resolver=resolver),
        "health": HealthPoll(http),
    }


def _asks(resolver: Resolver) -> dict[str, Ask]:
    return {
        REQUEST: HttpRequest(BoundedHttp(resolver=resolver)),
        TALK: TcpTalk(resolver=resolver),
        "websocket": WebSocketProbe(resolver=resolver),
        "grpc": GrpcProbe(resolver=resolver),
        "tls": TlsProbe(resolver=resolver).of,
    }
