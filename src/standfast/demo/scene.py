"""Everything that the story plays with: the folder, the processes, the shop, standfast, the mailbox."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from string import Template

from standfast.demo import postgres
from standfast.demo.mailbox import Mailbox
from standfast.demo.postgres import Postgres
from standfast.demo.processes import Processes, free_port
from standfast.demo.server import Api, Standfast
from standfast.demo.tea import Ports, Tea
from standfast.demo.telling import Telling
from standfast.demo.watchman import Watchman


@dataclass(slots=True, kw_only=True)
class Scene:
    """`sabotage` names the step that is to fail, or is empty."""

    folder: Path
    sabotage: str
    telling: Telling
    processes: Processes
    database: Postgres
    shop: Tea
    standfast: Standfast
    mailbox: Mailbox
    watchman: Watchman
    api: Api
    password: str = ""

    def sabotaged(self, step: str) -> bool:
        return self.sabotage == step

    def page(self, path: str = "/") -> str:
        """The address of a page to look at."""
        return self.standfast.address + path

    def close(self) -> None:
        self.api.close()
        self.processes.stop_all()
        self.mailbox.close()
        self.watchman.close()


def set_up(folder: Path, *, port: int, sabotage: str, telling: Telling) -> Scene:
    """Lay out the folder and open the mailbox; starts no program yet."""
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    ports = _ports(port)
    database = postgres.prepare(folder, ports.db)
    server = _standfast(folder, ports, database)
    token = server.make_token("demo", "admin")
    shop = Tea(
        folder=folder,
        ports=ports,
        database=database.url,
        control=secrets.token_urlsafe(16),
        audit_token=server.make_token("shop", "audit"),
        fallback="off" if sabotage == "payments" else "queue",
    )
    mailbox = Mailbox(folder / "mail", ports.mailbox, refuses=sabotage == "api-failure")
    mailbox.open()
    watchman = Watchman(ports.watchman)
    watchman.open()
    return Scene(
        folder=folder,
        sabotage=sabotage,
        telling=telling,
        processes=Processes(logs),
        database=database,
        shop=shop,
        standfast=server,
        mailbox=mailbox,
        watchman=watchman,
        api=Api(server.address, token),
    )


def _ports(standfast: int) -> Ports:
    found: set[int] = set()
    while len(found) < len(fields(Ports)):
        found.add(free_port())
    names = [one.name for one in fields(Ports)]
    ports = Ports(**dict(zip(names, found, strict=True)))
    return replace(ports, standfast=standfast) if standfast else ports


def _standfast(folder: Path, ports: Ports, database: Postgres) -> Standfast:
    """With the shop's reliability file, written for these ports."""
    text = files("standfast.demo").joinpath("shop.yaml.in").read_text(encoding="utf-8")
    known = {one.name: str(getattr(ports, one.name)) for one in fields(Ports)}
    file = folder / "shop.yaml"
    file.write_text(Template(text).substitute(known, folder=str(folder)), encoding="utf-8")
    (folder / "backups").mkdir(exist_ok=True, mode=0o700)
    # Scratch servers live in our folder too, and their user must be able to enter it.
    (folder / "tmp").mkdir(exist_ok=True, mode=0o755)
    return Standfast(
        file=file,
        data=folder / "standfast",
        port=ports.standfast,
        environment={
            "SHOP_DSN": database.url,
            "SHOP_BACKUP_KEY": secrets.token_urlsafe(32),
            "TMPDIR": str(folder / "tmp"),
        },
    )
