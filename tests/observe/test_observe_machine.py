"""The machine that standfast runs on, and its containers: real /proc, real control groups, recorded trees."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from hand_built import api, shop_system

from standfast.drivers.cgroup import ContainerLook, figures
from standfast.drivers.host import HostLook
from standfast.engine.observe import Observe
from standfast.monitoring.health import Health
from standfast.monitoring.signals import names_of, signals

if TYPE_CHECKING:
    from standfast.monitoring.target import Outcome, TargetState
    from standfast.store.database import Database

SECOND = timedelta(seconds=1)
HEX = "0123456789abcdef" * 4


def values(outcome: Outcome) -> dict[str, float]:
    return {one.name: one.value for one in outcome.samples}


class Watch:
    def __init__(self, database: Database, clock, looks, **component: object) -> None:
        self.database, self.clock = database, clock
        made = api("", url=None, scrape=None, health={}, needs={}, **component)
        self.system = shop_system(components={"api": made}, journeys={}, service_levels={})
        self.observe = Observe(database, looks, clock)

    def look(self) -> None:
        self.observe.tick(self.system, self.clock.pass_by(seconds=15))

    @property
    def signals(self) -> dict[str, float]:
        newest = self.database.read(lambda tx: tx.monitoring.newest())
        return {name: one.value for name, one in newest.get("api", {}).items()}

    @property
    def states(self) -> dict[str, TargetState]:
        return self.database.read(lambda tx: tx.monitoring.target_states())

    @property
    def health(self) -> Health:
        return self.database.read(lambda tx: tx.monitoring.component_healths())["api"].state


# ------------------------------------------------------------------ this machine


def test_this_machine_tells_what_it_has(sqlite, clock) -> None:
    watch = Watch(sqlite, clock, {"host": HostLook()}, host="local")
    watch.look()
    sum(i * i for i in range(300_000))
    watch.look()
    watch.observe.close()

    found = watch.signals
    assert 0 < found["cpu used"] <= 1
    assert found["memory used"] == pytest.approx(psutil.virtual_memory().percent / 100, abs=0.1)
    assert 0 < found["disk used"] < 1
    assert found["connections"] >= 0
    assert {"network received", "network sent"} <= found.keys()
    assert all(value >= 0 for value in found.values())
    assert watch.health is Health.HEALTHY


def test_the_figures_of_this_machine_are_those_of_proc() -> None:
    found = values(HostLook()("local", SECOND))
    total = next(
        int(line.split()[1])
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemTotal:")
    )

    assert found["node_memory_MemTotal_bytes"] == total * 1024
    root = psutil.disk_usage("/")
    sizes = {
        one.value for one in HostLook()("local", SECOND).samples if "filesystem_size" in one.name
    }
    assert root.total in sizes


def test_connections_that_only_root_may_see_are_a_note(monkeypatch) -> None:
    def denied(kind: str) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", denied)
    outcome = HostLook()("local", SECOND)

    assert outcome.ok
    assert "node_netstat_Tcp_CurrEstab" not in values(outcome)
    assert "connections are not counted" in outcome.notes[0]


# ------------------------------------------------------------------ containers, recorded


def write(group: Path, **files: str) -> Path:
    group.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (group / name.replace("_", ".", 1)).write_text(text + "\n")
    return group


def container(group: Path, *, usage: int = 1_000_000, throttled: int = 0, periods: int = 0) -> Path:
    return write(
        group,
        cpu_stat=f"usage_usec {usage}\nuser_usec 1\nsystem_usec 1\n"
        f"nr_periods {periods}\nnr_throttled {throttled}\nthrottled_usec 5",
        cpu_max="200000 100000",
        memory_current="300000000",
        memory_max="500000000",
        memory_stat="anon 1\ninactive_file 50000000\nactive_file 7",
        memory_events="low 0\nhigh 0\nmax 3\noom 1\noom_kill 1",
        pids_current="12",
        pids_max="100",
        io_stat="8:0 rbytes=1000 wbytes=2000 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=10 wbytes=20",
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write(tmp_path / "cgroup", cgroup_controllers="cpu memory pids io")
    container(root / "system.slice" / "shop-api.service")
    container(root / "system.slice" / f"docker-{HEX}.scope")
    (root / "system.slice" / f"docker-{HEX}.scope" / "shop-inner").mkdir()
    container(root / "machine.slice" / f"libpod-{HEX[::-1]}.scope")
    write(root / "user.slice", cpu_stat="usage_usec 5", memory_max="max")
    return root


def look(root: Path, tmp_path: Path) -> ContainerLook:
    docker, podman = tmp_path / "docker", tmp_path / "podman"
    (docker / "containers" / HEX).mkdir(parents=True)
    config = json.dumps({"ID": HEX, "Name": "/shop-web-1"})
    (docker / "containers" / HEX / "config.v2.json").write_text(config)
    (podman / "overlay-containers").mkdir(parents=True)
    known = json.dumps([{"id": HEX[::-1], "names": ["shop-mail"]}])
    (podman / "overlay-containers" / "containers.json").write_text(known)
    return ContainerLook(root, docker=str(docker), podman=str(podman))


@pytest.mark.parametrize(
    ("address", "groups"),
    [
        ("/system.slice/shop-api.service", ["/system.slice/shop-api.service"]),
        ("shop-api", ["/system.slice/shop-api.service"]),
        ("shop-web-*", [f"/system.slice/docker-{HEX}.scope"]),
        ("shop-mail", [f"/machine.slice/libpod-{HEX[::-1]}.scope"]),
        (
            "shop-*",
            [
                f"/machine.slice/libpod-{HEX[::-1]}.scope",
                f"/system.slice/docker-{HEX}.scope",
                "/system.slice/shop-api.service",
            ],
        ),
    ],
)
def test_a_container_is_found_by_path_by_unit_and_by_the_names_of_its_runtime(
    root, tmp_path, address, groups
) -> None:
    outcome = look(root, tmp_path)(address, SECOND)
    found = {one.label("name") for one in outcome.samples}

    assert sorted(found) == groups


def test_what_a_container_uses_is_of_what_it_was_given(sqlite, clock, root, tmp_path) -> None:
    group = root / "system.slice" / "shop-api.service"
    looks = {"container": look(root, tmp_path)}
    watch = Watch(sqlite, clock, looks, container="shop-api")
    watch.look()
    container(group, usage=16_000_000, periods=100, throttled=25)
    (group / "memory.events").write_text("oom_kill 3\n")
    (group / "io.stat").write_text("8:0 rbytes=16010 wbytes=2020\n")
    watch.look()
    watch.observe.close()

    found = watch.signals
    assert found["cpu used"] == pytest.approx(0.5)  # 15 s of 2 processors in 15 s
    assert found["memory used"] == pytest.approx(
        0.5
    )  # 250 of 500 MB: inactive files are not in use
    assert found["container throttled"] == 0.25
    assert found["container memory kills"] == 2
    assert (found["container processes"], found["container processes used"]) == (12, 0.12)
    assert (found["disk read"], found["disk written"]) == (1000, 0)


def test_the_nearest_limit_counts_and_without_one_the_machine(root: Path) -> None:
    slice_ = write(root / "tight.slice", cpu_max="50000 100000", memory_max="1000")
    inner = container(slice_ / "app.scope")
    free = write(root / "free.scope", cpu_stat="usage_usec 1", memory_current="5", memory_max="max")

    tight = {one.name: one.value for one in figures(root, inner)}
    loose = {one.name: one.value for one in figures(root, free)}
    assert tight["container_spec_cpu_cores"] == 0.5
    assert tight["container_spec_memory_limit_bytes"] == 1000
    assert loose["container_spec_cpu_cores"] == psutil.cpu_count()
    assert loose["container_spec_memory_limit_bytes"] == psutil.virtual_memory().total


def test_a_container_that_is_gone_is_a_failure_and_a_machine_without_groups_is_unknown(
    root, tmp_path
) -> None:
    gone = look(root, tmp_path)("nobody-*", SECOND)
    outside = ContainerLook(root)("/../..", SECOND)
    dark = ContainerLook(write(tmp_path / "dark" / "empty"))("/", SECOND)

    assert (gone.ok, gone.known, gone.because) == (
        False,
        True,
        "no control group is called 'nobody-*'",
    )
    assert not outside.ok
    assert (dark.known, "controllers are not enabled" in dark.because) == (False, True)


def test_nonsense_in_a_group_is_read_over(root: Path) -> None:
    odd = write(
        root / "odd.scope",
        cpu_stat="usage_usec -5\nnr_periods\n\nusage_usec x",
        cpu_max="what 0",
        memory_current="many",
        io_stat="8:0 rbytes=x\n\n=",
        pids_current="",
    )
    (root / "odd.scope" / "memory.events").write_bytes(b"\xff\xfe oom_kill 1")

    assert [one.value for one in figures(root, odd)] == [0, 0]


# ------------------------------------------------------------------ containers, real


def test_the_real_control_groups_of_this_machine_are_read_or_said_to_be_missing() -> None:
    outcome = ContainerLook()("/", 5 * SECOND)
    roots = [Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")]

    if any((one / "cgroup.controllers").is_file() for one in roots):
        assert outcome.ok
        assert values(outcome)["container_cpu_usage_seconds_total"] > 0
    else:
        assert outcome.because == "this machine has no control groups of version 2"


def test_a_node_exporter_elsewhere_tells_the_same_signals() -> None:
    component = api("")
    samples = HostLook()("local", SECOND).samples
    risen = {one.series: 10.0 for one in samples}

    found = signals(names_of(component), samples, risen, 10.0)
    assert {"cpu used", "memory used", "disk used", "network sent", "disk read"} <= found.keys()
