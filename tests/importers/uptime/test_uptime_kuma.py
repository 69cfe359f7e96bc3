"""Uptime Kuma's monitors become components, from its database and from its backup alike, and no secret does."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imported_drafts import facts, is_taken_whole, notes
from standfast.drivers.importers.folder import Disk
from standfast.drivers.importers.kuma.importer import UptimeKuma
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import Draft, NoteKind
from standfast.spec.drafting.writing import write
from standfast.spec.reading import mistakes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SECRET = "qwertyuiop"
# Columns of 1.23, which 2.x has too.
SCHEMA = """
CREATE TABLE monitor (id INTEGER PRIMARY KEY, name VARCHAR, active BOOLEAN DEFAULT 1, interval INTEGER DEFAULT 60,
    url TEXT, type VARCHAR, hostname VARCHAR, port INTEGER, keyword VARCHAR, invert_keyword BOOLEAN DEFAULT 0,
    maxretries INTEGER DEFAULT 0, retry_interval INTEGER DEFAULT 0, ignore_tls BOOLEAN DEFAULT 0,
    upside_down BOOLEAN DEFAULT 0, maxredirects INTEGER DEFAULT 10, accepted_statuscodes_json TEXT DEFAULT '["200-299"]',
    dns_resolve_type VARCHAR, dns_resolve_server VARCHAR, method TEXT DEFAULT 'GET', docker_container VARCHAR,
    expiry_notification BOOLEAN DEFAULT 1, json_path TEXT, json_path_operator VARCHAR, expected_value VARCHAR, parent INTEGER, grpc_url VARCHAR,
    proxy_id INTEGER, body TEXT, headers TEXT, basic_auth_user TEXT, basic_auth_pass TEXT, push_token VARCHAR,
    database_connection_string VARCHAR);
CREATE TABLE notification (id INTEGER PRIMARY KEY, name VARCHAR, active BOOLEAN DEFAULT 1, config VARCHAR);
CREATE TABLE monitor_notification (id INTEGER PRIMARY KEY, monitor_id INTEGER, notification_id INTEGER);
CREATE TABLE maintenance (id INTEGER PRIMARY KEY, title VARCHAR, active BOOLEAN DEFAULT 1, strategy VARCHAR,
    start_date DATETIME, end_date DATETIME, cron TEXT, timezone VARCHAR);
CREATE TABLE status_page (id INTEGER PRIMARY KEY, title VARCHAR, slug VARCHAR, password VARCHAR);
CREATE TABLE "group" (id INTEGER PRIMARY KEY, name VARCHAR, status_page_id INTEGER);
CREATE TABLE tag (id INTEGER PRIMARY KEY, name VARCHAR);
CREATE TABLE setting (id INTEGER PRIMARY KEY, key VARCHAR, value TEXT);
CREATE TABLE user (id INTEGER PRIMARY KEY, username VARCHAR, password VARCHAR, twofa_secret VARCHAR);
"""  # noqa: E501 - as wide as a schema is
Row = dict[str, Any]


def database(path: Path, **tables: Iterable[Row]) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SCHEMA)
        for table, rows in tables.items():
            for row in rows:
                names = ", ".join(f'"{one}"' for one in row)
                marks = ", ".join("?" * len(row))
                said = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'
                connection.execute(said, tuple(row.values()))
    return path


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Draft]:
    def reading(**tables: Iterable[Row]) -> Draft:
        database(tmp_path / "kuma.db", **tables)
        disk = Disk(tmp_path, [tmp_path])
        source = disk.read("kuma.db")
        assert UptimeKuma().claims(source)
        found = UptimeKuma().read([source], disk)
        assert is_taken_whole(found)
        return found

    return reading


def of(found: Draft, name: str) -> dict[str, object]:
    start = f"{name}."
    return {
        key.removeprefix(start): value
        for key, value in facts(found).items()
        if key.startswith(start)
    }


SITE = {"id": 7, "name": "site", "type": "http", "url": "https://shop.test/", "interval": 30}


def test_a_site_is_asked_as_often_and_for_the_same_status(read: Callable[..., Draft]) -> None:
    assert of(read(monitor=[SITE]), "site") == {
        "type": "http",
        "url": "https://shop.test/",
        "probe.status": "2xx",
        "probe_every": "30s",
    }


def test_each_value_cites_the_table_and_the_row(read: Callable[..., Draft]) -> None:
    found = read(monitor=[SITE])
    assert {str(at) for one in found.facts for at in one.places} == {"kuma.db#monitor:7:1"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"type": "keyword", "keyword": "all is well"}, {"probe.contains": "all is well"}),
        ({"type": "keyword", "keyword": "down", "invert_keyword": 1}, {"probe.lacks": "down"}),
        ({"type": "json-query", "json_path": "db.up", "expected_value": "UP"}, {"probe.json.db.up": "UP"}),
        ({"type": "json-query", "json_path": "$.n", "expected_value": "3"}, {"probe.json.$.n": 3}),
        ({"accepted_statuscodes_json": '["200-299", "401"]'}, {"probe.status": ("2xx", "401")}),
        ({"type": "json-query", "json_path": "n", "json_path_operator": "<=", "expected_value": "3"},
         {"probe.json.n.at_most": 3}),
        ({"accepted_statuscodes_json": '["301"]', "maxredirects": 0}, {"probe.status": 301}),
    ],
)  # fmt: skip
def test_what_it_must_answer_is_carried_over(
    more: Row, said: dict[str, object], read: Callable[..., Draft]
) -> None:
    found = read(monitor=[SITE | more])
    expected = {"probe.status": "2xx"} | said
    asked = {key: value for key, value in of(found, "site").items() if key.startswith("probe.")}
    assert asked == expected
    assert not notes(found, NoteKind.UNSUPPORTED)


def test_it_is_asked_as_uptime_kuma_asks(read: Callable[..., Draft]) -> None:
    found = of(
        read(monitor=[SITE | {"method": "OPTIONS", "ignore_tls": 1, "maxredirects": 2}]), "site"
    )
    assert {key: value for key, value in found.items() if "request" in key} == {
        "request.method": "OPTIONS",
        "request.tls.verify": False,
        "request.redirects": 2,
    }


@pytest.mark.parametrize(
    "query", [("$sum(n)", "==", "3"), ("n", "<", "few"), ("n", "==", ""), ("$", "==", "1")]
)
def test_a_query_that_the_file_cannot_ask_is_named(
    query: tuple[str, str, str], read: Callable[..., Draft]
) -> None:
    names = ("json_path", "json_path_operator", "expected_value")
    found = read(monitor=[SITE | {"type": "json-query"} | dict(zip(names, query, strict=True))])
    assert not any("json" in key for key in of(found, "site"))
    assert len(notes(found, NoteKind.UNSUPPORTED)) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"type": "port", "hostname": "b.test", "port": 6379}, {"type": "redis", "address": "b.test:6379"}),
        ({"type": "port", "hostname": "2001:db8::1", "port": 99}, {"address": "[2001:db8::1]:99"}),
        ({"type": "ping", "hostname": "host.test"}, {"ping": "host.test"}),
        ({"type": "smtp", "hostname": "mail.test"}, {"address": "mail.test:25", "talk.speaks": "smtp"}),
        ({"type": "mqtt", "hostname": "mqtt://bus.test", "port": 1884}, {"address": "bus.test:1884"}),
        ({"type": "grpc-keyword", "grpc_url": "api.test:8443"}, {"address": "api.test:8443"}),
        ({"type": "websocket-upgrade", "url": "wss://a.test/"}, {"websocket.url": "wss://a.test/"}),
        (
            {"type": "dns", "hostname": "a.test", "dns_resolve_server": "192.0.2.53", "dns_resolve_type": "MX",
             "port": 5353},
            {"dns.name": "a.test", "dns.type": "MX", "dns.server": "192.0.2.53:5353"},
        ),
    ],
)  # fmt: skip
def test_other_kinds_are_probed_as_far_as_the_file_goes(
    row: Row, said: dict[str, object], read: Callable[..., Draft]
) -> None:
    found = read(monitor=[{"id": 1, "name": "x", **row}])
    assert of(found, "x") == {**said, "probe_every": "1m"}


@pytest.mark.parametrize(
    "kind", ["snmp", "steam", "docker", "radius", "tailscale-ping", "", "manual"]
)
def test_kinds_that_nothing_can_probe_are_named(kind: str, read: Callable[..., Draft]) -> None:
    found = read(monitor=[{"id": 1, "name": "x", "type": kind, "hostname": "a.test"}])
    assert of(found, "x") == {}
    assert len(notes(found, NoteKind.UNSUPPORTED)) == 1


def test_a_job_that_pushes_has_a_heartbeat(read: Callable[..., Draft]) -> None:
    job = {"id": 1, "name": "report", "type": "push", "interval": 3600, "push_token": SECRET}
    found = read(monitor=[job | {"maxretries": 2, "retry_interval": 60}])
    assert of(found, "report") == {
        "heartbeats.report.every": "1h",
        "heartbeats.report.grace": "2m",
    }
    assert len(notes(found, NoteKind.SECRET)) == 1


SECRETS = [
    SITE | {"id": 1, "name": "a", "basic_auth_user": "u", "basic_auth_pass": SECRET},
    SITE | {"id": 2, "name": "b", "headers": json.dumps({"Authorization": SECRET})},
    SITE | {"id": 3, "name": "c", "body": SECRET},
    SITE | {"id": 4, "name": "d", "url": f"https://u:{SECRET}@a.test/"},
    SITE | {"id": 5, "name": "e", "url": f"https://a.test/?api_key={SECRET}"},
    {"id": 6, "name": "f", "type": "push", "push_token": SECRET},
    {"id": 7, "name": "g", "type": "postgres", "database_connection_string": f"postgres://u:{SECRET}@h/d"},
]  # fmt: skip
CHANNEL = {
    "id": 1,
    "name": "ops",
    "config": json.dumps({"type": "slack", "slackwebhookURL": f"https://hooks.slack.com/{SECRET}"}),
}


def test_no_secret_leaves_the_database(read: Callable[..., Draft]) -> None:
    found = read(
        monitor=SECRETS,
        notification=[CHANNEL],
        user=[{"username": "u", "password": SECRET, "twofa_secret": SECRET}],
        status_page=[{"title": "t", "slug": "s", "password": SECRET}],
        setting=[{"key": "jwtSecret", "value": SECRET}],
    )
    assert SECRET not in write(found, "x").text
    assert not any(SECRET in one.text for one in found.notes)
    assert len(notes(found, NoteKind.SECRET)) == 8


def test_who_heard_of_it_still_hears_of_it(read: Callable[..., Draft]) -> None:
    found = facts(
        read(
            monitor=[
                SITE | {"maxretries": 3, "retry_interval": 20},
                SITE | {"id": 8, "name": "quiet"},
            ],
            notification=[
                CHANNEL,
                {"id": 2, "name": "duty", "config": '{"type": "PagerDuty"}'},
                {"id": 3, "name": "off", "config": '{"type": "Opsgenie"}', "active": 0},
            ],
            monitor_notification=[
                {"monitor_id": 7, "notification_id": one} for one in (1, 2, 3, 99)
            ],
            setting=[{"key": "tlsExpiryNotifyDays", "value": "[7, 30]"}],
        )
    )
    assert {key: value for key, value in found.items() if key.startswith("alerts.")} == {
        "alerts.site-down.of": "site",
        "alerts.site-down.when": "no successful probes for 1m30s",
        "alerts.site-down.severity": "P2",
        "alerts.site-certificate.of": "site",
        "alerts.site-certificate.when": "certificate expires within 30d",
        "alerts.site-certificate.severity": "P3",
    }


def test_what_is_paused_or_upside_down_is_named(read: Callable[..., Draft]) -> None:
    found = read(
        monitor=[SITE | {"active": 0}, SITE | {"id": 8, "name": "gone", "upside_down": 1}, SITE | {"id": 9}]
    )  # fmt: skip
    assert found.names("components") == ("site",)
    assert notes(found, NoteKind.SKIPPED) == ["site is paused in Uptime Kuma"]
    assert any("gone is upside down" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_pages_maintenance_and_tags_are_named(read: Callable[..., Draft]) -> None:
    found = read(
        monitor=[SITE | {"parent": 1}, {"id": 1, "name": "Shop", "type": "group"}],
        maintenance=[
            {
                "title": "disks",
                "strategy": "cron",
                "cron": "0 3 * * 1",
                "timezone": "Europe/Berlin",
            },
            {"title": "old", "strategy": "single", "active": 0},
        ],
        status_page=[{"id": 4, "title": "Our status", "slug": "s"}],
        group=[{"name": "Core", "status_page_id": 4}, {"name": "Other", "status_page_id": 5}],
        tag=[{"name": "prod"}],
    )
    told = [one.text for one in found.notes]
    assert any("'disks' (cron, 0 3 * * 1, Europe/Berlin)" in one for one in told)
    assert not any("old" in one for one in told)
    assert any("'Our status', with the groups Core, is" in one for one in told)
    assert any("tags are not carried over: prod" in one for one in told)
    assert any("groups are for the page of the tool (Shop)" in one for one in told)


# ------------------------------------------------------------------ a backup


def test_a_backup_says_the_same_with_its_lines(tmp_path: Path) -> None:
    backup = tmp_path / "backup.json"
    monitor = {
        "id": 7, "name": "site", "type": "keyword", "url": "https://shop.test/", "interval": 30,
        "maxretries": 1,
        "retryInterval": 30, "keyword": "ok", "invertKeyword": False, "accepted_statuscodes": ["200-299"],
        "maxredirects": 10, "active": True, "upsideDown": False, "basic_auth_pass": None, "headers": None,
        "notificationIDList": {"1": True}, "expiryNotification": False, "ignoreTls": False,
    }  # fmt: skip
    backup.write_text(
        json.dumps(
            {"version": "1.23.16", "notificationList": [CHANNEL], "monitorList": [monitor]},
            indent=1,
        )
    )
    disk = Disk(tmp_path, [tmp_path])
    source = disk.read("backup.json")
    assert UptimeKuma().claims(source)
    found = UptimeKuma().read([source], disk)
    assert is_taken_whole(found)
    assert of(found, "site") == {
        "type": "http",
        "url": "https://shop.test/",
        "probe.contains": "ok",
        "probe.status": "2xx",
        "probe_every": "30s",
    }
    assert facts(found)["alerts.site-down.when"] == "no successful probes for 1m"
    lines = backup.read_text().splitlines()
    (at,) = next(one.places for one in found.facts if one.path[-1] == "url")
    assert "https://shop.test/" in lines[at.line - 1]
    assert SECRET not in write(found, "x").text + "".join(one.text for one in found.notes)


# ------------------------------------------------------------------ what is broken


def test_nothing_is_written_beside_it(tmp_path: Path) -> None:
    path = database(tmp_path / "kuma.db", monitor=[SITE])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    disk = Disk(tmp_path, [tmp_path])
    assert UptimeKuma().read([disk.read("kuma.db")], disk).facts
    assert [one.name for one in tmp_path.iterdir()] == ["kuma.db"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert disk.digests == {}


def told(folder: Path, name: str = "kuma.db") -> str:
    disk = Disk(folder, [folder])
    source = disk.read(name)
    assert UptimeKuma().claims(source)
    found = UptimeKuma().read([source], disk)
    assert not found.facts
    (said,) = notes(found, NoteKind.UNREADABLE)
    return said


def test_what_still_waits_to_be_written_is_waited_for(tmp_path: Path) -> None:
    path = database(tmp_path / "kuma.db", monitor=[SITE])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO tag (name) VALUES ('x')")
        connection.commit()
        assert "stop Uptime Kuma, or import a copy" in told(tmp_path)


def test_a_database_that_was_cut_off_is_told(tmp_path: Path) -> None:
    path = database(tmp_path / "kuma.db", monitor=[SITE] * 0)
    path.write_bytes(path.read_bytes()[:5000])
    assert "cannot be read as Uptime Kuma's database" in told(tmp_path)


def test_a_database_that_would_never_end_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "kuma.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE VIEW monitor AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)"
            " SELECT id, 'x' AS name, 'ping' AS type, 60 AS interval, '' AS accepted_statuscodes_json FROM n"
        )
    assert "interrupted" in told(tmp_path)


def test_a_database_of_another_kind_is_not_claimed(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE monitor (id, name)")
    source = Disk(tmp_path, [tmp_path]).read("other.db")
    assert not UptimeKuma().claims(source)
    (tmp_path / "junk.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    assert not UptimeKuma().claims(Disk(tmp_path, [tmp_path]).read("junk.db"))


def test_a_folder_is_searched_for_it(tmp_path: Path) -> None:
    database(tmp_path / "kuma.db", monitor=[SITE])
    (found,) = Disk(tmp_path, [tmp_path]).find(tmp_path).sources
    assert UptimeKuma().claims(found)


ANY = st.text(max_size=30)
VALUE = st.none() | ANY | st.integers(-5, 2**40) | st.binary(max_size=10)
KINDS = st.sampled_from(
    [
        "http",
        "keyword",
        "json-query",
        "port",
        "ping",
        "dns",
        "push",
        "group",
        "mqtt",
        "docker",
        "redis",
    ]
)
COLUMNS = (
    "url", "hostname", "port", "keyword", "interval", "maxretries", "retry_interval", "json_path",
    "expected_value", "accepted_statuscodes_json", "dns_resolve_server", "dns_resolve_type", "method",
    "active", "upside_down", "parent", "grpc_url", "maxredirects",
)  # fmt: skip
ROW = st.fixed_dictionaries(
    {"name": ANY, "type": KINDS | ANY},
    optional=dict.fromkeys(COLUMNS, VALUE),
)  # fmt: skip


@settings(max_examples=40)
@given(rows=st.lists(ROW, max_size=4))
def test_whatever_the_rows_hold_makes_a_valid_file(
    rows: list[Row], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("kuma")
    numbered = [{"id": number, **row} for number, row in enumerate(rows)]
    database(folder / "kuma.db", monitor=numbered)
    disk = Disk(folder, [folder])
    found = UptimeKuma().read([disk.read("kuma.db")], disk)
    assert not mistakes(write(found, "x").text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | ANY,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "name", "type", "url", "interval", "config", "active"])
                | ANY,
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_whatever_a_backup_holds_makes_a_valid_file(monitors: object) -> None:
    here = Path.cwd()
    text = json.dumps({"monitorList": monitors, "notificationList": monitors})
    found = UptimeKuma().read([Source(path="b.json", text=text)], Disk(here, [here]))
    assert not mistakes(write(found, "x").text)
