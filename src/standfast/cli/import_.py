"""`standfast import SOURCE...`: a reliability file from what a team has already."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.app.importing import Imported
    from standfast.review.questions import Question
    from standfast.spec.drafting.draft import Note

FORMAT = 1  # of the JSON; grows only when a key changes its meaning or goes
_SHOWN_QUESTIONS = 7
_SHOWN_NOTES = 12  # of each kind
_KINDS = {
    "conflict": "Sources that disagree",
    "secret": "Secrets, none of them copied",
    "unreadable": "Not read",
    "placeholder": "Without a value here",
    "unsupported": "Not taken over",
    "detected": "Concluded",
    "skipped": "Left out",
}


@click.command("import")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--out",
    default="standfast.yaml",
    show_default=True,
    help="The file to write; - prints it only.",
)
@click.option(
    "--merge", "over", is_flag=True, help="Bring an existing file up to date; hand edits are kept."
)
@click.option("--as", "only", default="", metavar="FORMAT", help="Read the sources as this format.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def import_(sources: tuple[str, ...], out: str, over: bool, only: str, as_json: bool) -> None:
    """Write a reliability file from SOURCE: files, folders, or - for standard input.

    A folder is searched for everything that can be imported. Nothing is invented: what the sources do not
    say is left out, and asked for at the end.
    """
    from standfast.app import importing
    from standfast.spec.tree import MAX_FOREIGN_BYTES
    from standfast_kit.clock import utc_now

    stdin = b""
    if importing.STANDARD_INPUT in sources:
        stdin = sys.stdin.buffer.read(MAX_FOREIGN_BYTES + 1)
    done = importing.run(sources, out=out, now=utc_now(), over=over, only=only, stdin=stdin)
    if as_json:
        click.echo(json.dumps(as_value(done), indent=2, ensure_ascii=False))
        return
    if out == importing.STANDARD_INPUT:
        click.echo(done.text, nl=False)
    for line in told(done):
        click.echo(line, err=out == importing.STANDARD_INPUT)


def told(done: Imported) -> Iterator[str]:
    yield from _notes(done.draft.notes)
    if done.gathered.left:
        yield f"Not looked into: {_listed(done.gathered.left)}"
    yield from _merge_told(done)
    yield ""
    yield headline(done)
    for number, question in enumerate(done.questions[:_SHOWN_QUESTIONS], 1):
        yield from _question(number, question)
    if done.path != "-":
        rest = len(done.questions) - _SHOWN_QUESTIONS
        more = f"{rest} more questions: " if rest > 0 else "all of it: "
        yield f"{more}standfast review {done.path}"


def headline(done: Imported) -> str:
    """ "imported 5 components, 4 edges from compose.yaml; 9 questions open, ranked"."""
    parts, edges = len(done.draft.names("components")), len(done.draft.edges)
    asked = len(done.questions)
    return (
        f"imported {_many(parts, 'component')}, {_many(edges, 'edge')} from {_listed(done.cited)}"
        f"{f' into {done.path}' if done.path != '-' else ''}; {_many(asked, 'question')} open, ranked:"
    )


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _listed(words: tuple[str, ...], most: int = 4) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def _notes(notes: tuple[Note, ...]) -> Iterator[str]:
    for kind, head in _KINDS.items():
        own = [one for one in notes if one.kind == kind]
        if own:
            yield f"{head} ({len(own)})"
        for one in own[:_SHOWN_NOTES]:
            where = f"{one.place.file}:{one.place.line}: " if one.place.file else ""
            yield f"  {where}{one.text}"
        if len(own) > _SHOWN_NOTES:
            yield f"  and {len(own) - _SHOWN_NOTES} more; --json lists them"


def _merge_told(done: Imported) -> Iterator[str]:
    merged = done.merged
    if merged is None:
        return
    for word, paths in (
        ("added", merged.added),
        ("updated", merged.updated),
        ("removed", merged.removed),
    ):
        if paths:
            yield f"{word} ({len(paths)}): {_listed(tuple('.'.join(one) for one in paths), 8)}"
    if merged.conflicts:
        yield f"Left as you wrote it ({len(merged.conflicts)})"
    for one in merged.conflicts:
        both = f"yours: {one.yours or 'not there'}; theirs: {one.theirs or 'not there'}"
        yield f"  {one.dotted}: {one.why} ({both})"
    if not merged.changed and not merged.conflicts:
        yield "nothing has changed in the sources"


def _question(number: int, question: Question) -> Iterator[str]:
    first, many = question.first, len(question.findings)
    more = f" (and {many - 1} more)" if many > 1 else ""
    yield f"{number:>3}. {question.verdict.name:<7} {question.rule}  {question.to[0]}: {first.problem}{more}"
    where = f"  ({first.where})" if first.where else ""
    yield f"       answer at {first.at}{where}: {first.suggestion}"


def as_value(done: Imported) -> dict[str, object]:
    """All of it as plain values. Keys are only ever added within one `format`."""
    merged = done.merged
    return {
        "format": FORMAT,
        "file": done.path,
        "text": done.text if done.path == "-" else None,
        "sources": list(done.cited),
        "looked_at": list(done.gathered.paths),
        "left": list(done.gathered.left),
        "components": len(done.draft.names("components")),
        "edges": len(done.draft.edges),
        "facts": [
            {"at": list(one.path), "is": one.value, "from": [str(place) for place in one.places]}
            for one in done.draft.facts
        ],
        "notes": [
            {"kind": one.kind.value, "where": str(one.place), "text": one.text}
            for one in done.draft.notes
        ],
        "merge": merged
        and {
            "added": [list(one) for one in merged.added],
            "updated": [list(one) for one in merged.updated],
            "removed": [list(one) for one in merged.removed],
            "conflicts": [
                {"at": list(one.path), "yours": one.yours, "theirs": one.theirs, "why": one.why}
                for one in merged.conflicts
            ],
        },
        "verdict": done.review.verdict.name,
        "questions": [_question_value(one) for one in done.questions],
    }


def _question_value(question: Question) -> dict[str, object]:
    return {
        "rule": question.rule,
        "verdict": question.verdict.name,
        "to": [role.value for role in question.to],
        "weight": question.weight,
        "places": [
            {"at": one.at, "where": one.where, "problem": one.problem, "suggestion": one.suggestion}
            for one in question.findings
        ],
    }
