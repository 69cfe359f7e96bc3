"""`standfast feedback`: what was answered to the findings, in the file's folder or on a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from standfast.app.files import Edited
from standfast.cli import printed
from standfast.cli.reviewing import answers_beside, instant, reviewed, system_of
from standfast.errors import NotFound, StandfastError
from standfast.review.feedback import Answer, Reply, Status, answered
from standfast.review.feedback import role as role_named
from standfast.review.feedback_file import beside, read, write
from standfast.review.output.plain import reply_value, track_value
from standfast.review.output.telling import answer as told
from standfast.review.report import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from standfast.review import Finding, Review, Role
    from standfast.review.feedback import Track

_ANSWERS = "/api/v1/review/answers"
_FILE = click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("standfast.yaml"),
    show_default=True,
    help="The reliability file; the answers stand beside it.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def _role(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> Role | None:
    try:
        return role_named(value) if value else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


_ROLE = click.option(
    "--role",
    callback=_role,
    help="A role by its name or short: SA, OPS, BA, DA, QA, DEV, LEG, AUTHOR.",
)


def _server(command: Callable[..., Any]) -> Callable[..., Any]:
    """Only on demand: an address in the environment must not send to a server what was meant for a file."""
    token = click.option(
        "--token-file",
        type=click.Path(dir_okay=False),
        help="With --server: a file with the API token; else STANDFAST_TOKEN.",
    )
    return click.option("--server", help="Ask a running server at this address, not the file.")(
        token(command)
    )


@click.group()
def feedback() -> None:
    """List and answer findings: ACCEPT, REJECT or PARTIAL."""


# ------------------------------------------------------------------ list


@feedback.command("list")
@click.argument(
    "file", type=click.Path(dir_okay=False, path_type=Path), default=Path("standfast.yaml")
)
@_ROLE
@click.option("--status", type=click.Choice([one.value for one in Status]), help="Only these.")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Review as of that day (default: today)."
)
@_server
@_JSON
def list_(
    file: Path,
    role: Role | None,
    status: str | None,
    as_of: Any,
    server: str | None,
    token_file: str | None,
    as_json: bool,
) -> None:
    """List the findings of FILE with their status and what was answered."""
    if server:
        rows = _of_server(server, token_file)
    else:
        rows = _of_file(file, as_of)
    shown = [
        one
        for one in rows
        if (status is None or one["status"] == status) and (role is None or role.value in one["to"])
    ]
    if as_json:
        click.echo(printed.json_text(shown, indent=2))
        return
    for one in shown:
        printed.say(_line(one), keep="\n")
    click.echo(f"{len(shown)} of {len(rows)} findings", err=True)


def _of_file(file: Path, as_of: Any) -> list[dict[str, Any]]:
    found = reviewed(system_of(file), file, instant(as_of))
    whole = report(found, answers_beside(file))
    rows = [_row(one, whole.track(one)) for one in (*found.findings, *found.waived)]
    return rows + [
        _row(None, track) for track in (*whole.feedback.elsewhere, *whole.feedback.changed)
    ]


def _row(finding: Finding | None, track: Track) -> dict[str, Any]:
    reply = track.reply
    roles = [role.value for role in finding.to] if finding else []
    if finding is None and reply and reply.role:
        roles = [reply.role.value]
    return {
        **track_value(track),
        "verdict": finding.verdict.name if finding else None,
        "to": roles,
        "problem": finding.problem if finding else "",
        "waived_by": finding.waived_by if finding else "",
        "said": told(track),
    }


def _of_server(server: str, token_file: str | None) -> list[dict[str, Any]]:
    from standfast.cli.client import connect

    rows: list[dict[str, Any]] = connect(server, token_file).get(_ANSWERS)["findings"]
    return rows


def _line(one: dict[str, Any]) -> str:
    verdict = one["verdict"] or ("gone" if one["status"] == "changed" else "live")
    parts = [f"{one['status']:<12} {verdict:<7} {one['id']}"]
    if one["waived_by"]:
        parts.append(f"  (waived by {one['waived_by']})")
    if one["problem"]:
        parts.append(f"\n    {printed.line(one['problem'])}")
    if one["said"]:
        parts.append(f"\n    {printed.line(one['said'])}")
    elif one["note"]:
        parts.append(f"\n    asked again: {printed.line(one['note'])}")
    return "".join(parts)


# ------------------------------------------------------------------ answer


@feedback.command()
@click.argument("id_", metavar="ID")
@click.argument("answer", type=click.Choice([one.value for one in Answer], case_sensitive=False))
@click.option("--by", required=True, help="Who answers.")
@click.option("--because", required=True, help="Why.")
@click.option("--instead", default="", help="What is done instead; REJECT needs it.")
@_ROLE
@_FILE
@_server
@_JSON
def answer(
    id_: str,
    answer: str,
    by: str,
    because: str,
    instead: str,
    role: Role | None,
    file: Path,
    server: str | None,
    token_file: str | None,
    as_json: bool,
) -> None:
    """Answer the finding ID (a rule and a path, as AVL-01@journeys.checkout.slo) for the role addressed."""
    if server:
        from standfast.cli.client import connect

        body = {"finding": id_, "answer": answer.upper(), "by": by, "because": because}
        body |= {"instead": instead, "role": role.value if role else ""}
        kept = connect(server, token_file).post(_ANSWERS, body)
        where = server
    else:
        now = instant(None)
        finding = _finding(reviewed(system_of(file), file, now), id_)
        reply = answered(
            finding,
            Answer(answer.upper()),
            by=by,
            because=because,
            at=now,
            role=role,
            instead=instead,
        )
        where = _append(file, [reply])
        kept = reply_value(reply)
    if as_json:
        click.echo(printed.json_text(kept, indent=2))
    else:
        printed.say(
            f"{kept['finding']}: {kept['answer']} by {kept['by']} ({kept['role']}), in {where}"
        )


def _finding(found: Review, name: str) -> Finding:
    from standfast.spec.problem import nearest

    known = {one.id: one for one in (*found.findings, *found.waived)}
    if name not in known:
        raise NotFound(
            f"the review has no such finding{nearest(name, known)}",
            where=name,
            fix="copy the rule and the path from the review: RULE@path",
        )
    return known[name]


def _append(file: Path, replies: Iterable[Reply]) -> str:
    answers_beside(file)  # a file with mistakes in it is not added to
    name = beside(str(file))
    edited = Edited(name)
    text = write(edited.text, replies)
    read(text, name)  # nor is anything written that could not be read again
    edited.save(text)
    return name


# ------------------------------------------------------------------ settle


@feedback.command()
@click.argument(
    "file", type=click.Path(dir_okay=False, path_type=Path), default=Path("standfast.yaml")
)
@_JSON
def settle(file: Path, as_json: bool) -> None:
    """Write down which answered findings are gone, so that one that comes back is asked again."""
    now = instant(None)
    whole = report(reviewed(system_of(file), file, now), answers_beside(file))
    gone = [one.id for one in whole.feedback.changed if one.history[-1].answer is not None]
    if gone:
        _append(file, [Reply(finding=name, at=now.replace(microsecond=0)) for name in gone])
    if as_json:
        click.echo(printed.json_text({"changed": gone}, indent=2))
    else:
        for name in gone:
            printed.say(f"changed: {name}")
        click.echo(f"{len(gone)} marked as changed", err=True)


@feedback.command()
@click.argument("server")
@_FILE
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False),
    help="A file with the token; else STANDFAST_TOKEN.",
)
@_JSON
def pull(server: str, file: Path, token_file: str | None, as_json: bool) -> None:
    """Add to the file what was answered on the server at the address SERVER."""
    from standfast.cli.client import connect

    have = {_same(reply_value(one)) for one in answers_beside(file)}
    rows = connect(server, token_file).get(_ANSWERS)["findings"]
    new = [one for row in rows for one in row["history"] if _same(one) not in have]
    new.sort(key=lambda one: str(one["at"]))
    if new:
        _append(file, [_reply(one) for one in new])
    if as_json:
        click.echo(printed.json_text({"added": new}, indent=2))
    else:
        printed.say(f"{len(new)} added to {beside(str(file))}")


def _same(one: dict[str, Any]) -> tuple[object, ...]:
    return tuple(one[key] for key in ("finding", "at", "answer", "by"))


def _reply(one: dict[str, Any]) -> Reply:
    from datetime import datetime

    from standfast.review import Verdict

    try:
        return Reply(
            finding=one["finding"],
            at=datetime.fromisoformat(one["at"]),
            answer=Answer(one["answer"]) if one["answer"] else None,
            by=one["by"],
            role=role_named(one["role"]) if one["role"] else None,
            because=one["because"],
            instead=one["instead"],
            verdict=Verdict[one["verdict"]] if one["verdict"] else None,
            live=bool(one["live"]),
        )
    except (KeyError, ValueError) as error:
        raise StandfastError(f"the server's answer is not understood: {error}") from error
