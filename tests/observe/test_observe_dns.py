"""Names whose look-up hangs: whoever asked goes on at the deadline, and says what it was."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic

import pytest
from hand_built import api, shop_system

from standfast.drivers.http_probe import BoundedHttp, HttpProbe
from standfast.drivers.resolver import MOST, Resolver
from standfast.drivers.smtp import SmtpSend
from standfast.drivers.tcp_probe import TcpProbe
from standfast.drivers.tls_probe import TlsProbe
from standfast.drivers.webhook import WebhookSend
from standfast.engine.observe import Observe
from standfast.paging.message import Message
from standfast.paging.notification import Outcome
from standfast.spec.calling import Channel
from standfast.spec.values import Severity

SOON = timedelta(seconds=0.2)
MINUTE = timedelta(minutes=1)
MESSAGE = Message(
    key="k", to="ada@shop.test", subject="s", text="t", payload="{}", severity=Severity.P1
)


class Names:
    """Looks names up as the C library does: some at once, some never, some not at all."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.released = threading.Event()
        self.known: dict[str, list[str]] = {"well.test": ["127.0.0.1"]}

    def __call__(self, host: str, port: object, **_: object):
        self.asked.append(host)
        if host.startswith("hangs"):
            self.released.wait(150)
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, 0)) for address in self.known[host]]


@pytest.fixture
def names():
    found = Names()
    yield found
    found.released.set()


@pytest.fixture
def resolver(names: Names) -> Resolver:
    return Resolver(names)


def in_time(deed, within: float = 60):
    began = monotonic()
    answer = deed()
    assert monotonic() - began < within
    return answer


def test_every_look_and_every_message_ends_at_its_deadline_and_says_dns(resolver: Resolver) -> None:
    http = HttpProbe(BoundedHttp(resolver=resolver))
    looks = {
        "http://hangs.test/": http,
        "hangs.test:80": TcpProbe(resolver=resolver),
        "hangs.test:443": TlsProbe(resolver=resolver),
    }
    for address, look in looks.items():
        outcome = in_time(lambda look=look, address=address: look(address, SOON))
        assert not outcome.ok
        assert "DNS did not answer for hangs.test in time" in outcome.because

    mail = Channel(
        name="page", kind="smtp", wakes=True, host="hangs.test", port=25, sender="a@b.test"
    )
    hook = Channel(name="chat", kind="webhook", wakes=False, url="http://hangs.test/secret")
    for send, channel in (
        (SmtpSend(resolver=resolver), mail),
        (WebhookSend(resolver=resolver), hook),
    ):
        result = in_time(lambda send=send, channel=channel: send(channel, MESSAGE, SOON))
        assert result.outcome is Outcome.RETRYABLE  # nothing of it has left the house
        assert "DNS did not answer" in result.reason
        assert "secret" not in result.reason
    assert resolver.hanging == ("hangs.test",)
    assert resolver.abandoned == 1  # one look-up, on which five had waited


def test_a_hanging_name_holds_up_no_other(shop, names: Names, resolver: Resolver) -> None:
    """More hang than there are threads to look with; those that answer are told in the same tick."""
    port = shop.url.rpartition(":")[2]
    probe = HttpProbe(BoundedHttp(resolver=resolver))
    with ThreadPoolExecutor(40) as people:
        stuck = [people.submit(probe, f"http://hangs-{n}.test/", SOON) for n in range(MOST + 5)]
        assert in_time(lambda: probe(f"http://127.0.0.1:{port}/", MINUTE)).status
        said = [one.result(60).because for one in stuck]
    assert sum("DNS did not answer" in one for one in said) == MOST
    assert sum("look-ups hang already" in one for one in said) == 5
    assert len(resolver.hanging) == MOST

    names.released.set()
    assert in_time(lambda: _ends(resolver))
    assert probe(f"http://well.test:{port}/", MINUTE).status


def _ends(resolver: Resolver) -> bool:
    while resolver.hanging:
        threading.Event().wait(0.01)
    return True


def test_all_who_ask_for_a_name_at_once_share_one_look_up(
    names: Names, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    aboard, board = [], resolver._flight

    def boarded(host: str):
        flight = board(host)
        aboard.append(host)
        return flight

    monkeypatch.setattr(resolver, "_flight", boarded)
    names.known["hangs-shared.test"] = ["192.0.2.1"]
    with ThreadPoolExecutor(8) as people:
        asked = [people.submit(resolver.addresses, "hangs-shared.test", 60) for _ in range(8)]
        while len(aboard) < 8:
            threading.Event().wait(0.01)
        names.released.set()
        assert {one.result(60) for one in asked} == {("192.0.2.1",)}
    assert names.asked == ["hangs-shared.test"]


def test_a_name_is_asked_for_by_its_own_name_at_the_address_that_answers(
    shop, names: Names, resolver: Resolver
) -> None:
    names.known["two.test"] = ["127.255.255.254", "127.0.0.1"]  # at the first nothing listens
    port = shop.url.rpartition(":")[2]
    probe = HttpProbe(BoundedHttp(resolver=resolver))
    outcome = probe(f"http://two.test:{port}/", MINUTE)
    assert outcome.status is not None
    assert names.asked == ["two.test"]
    assert TcpProbe(resolver=resolver)(f"two.test:{port}", MINUTE).ok


def test_an_address_is_never_looked_up_and_nonsense_is_an_outcome(
    shop, names: Names, resolver: Resolver
) -> None:
    assert HttpProbe(BoundedHttp(resolver=resolver))(f"{shop.url}/", MINUTE).status
    assert names.asked == []
    for host in ("unknown.test", "a" * 300 + ".test"):
        outcome = TcpProbe(resolver=resolver)(f"{host}:80", SOON)
        assert "no connection" in outcome.because


def test_a_tick_with_hanging_names_keeps_what_the_others_saw(
    sqlite, clock, shop, resolver: Resolver
) -> None:
    shop.says("/", "well")
    urls = {"web": f"{shop.url}/", **{f"hang{n}": f"http://hangs-{n}.test/" for n in range(5)}}
    components = {
        name: api(url, name=name, url=url, scrape=None, health={}, needs={})
        for name, url in urls.items()
    }
    system = shop_system(components=components, journeys={}, service_levels={})
    quick = HttpProbe(BoundedHttp(resolver=resolver))
    observe = Observe(
        sqlite, {"http": lambda address, _: quick(address, SOON)}, clock,
        patience=MINUTE,
    )  # fmt: skip
    try:
        assert in_time(lambda: observe.tick(system, clock.now)) == 6
        states = sqlite.read(lambda tx: tx.monitoring.target_states())
        assert states["web/http"].ok
        assert "DNS" in states["hang0/http"].because
    finally:
        observe.close()
