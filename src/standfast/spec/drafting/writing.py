"""A draft as a reliability file: laid out, commented with where each value comes from, and always valid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from standfast.spec.drafting.draft import Draft, Fact, Note, NoteKind
from standfast.spec.drafting.layout import Branch, sections, tree
from standfast.spec.drafting.mending import mend
from standfast.spec.drafting.scalar import comment
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from standfast.spec.drafting.draft import Path
    from standfast.spec.problem import Problem

_ROUNDS = 40  # of leaving out what the file does not take; each leaves out something
_HEAD = """\
# yaml-language-server: $schema=./standfast.schema.json
# Imported from SOURCES.
# Nothing here is invented: what the sources do not say is left out, and `standfast review` asks for it.
# Edit freely; `standfast import --merge` keeps what you write.
"""
_TAIL = """
# Not in the sources, and asked by `standfast review`:
#   OPEN
# What is assumed until then: `standfast review --assumptions`.
"""
_OPEN = (
    ("journeys", "what users must always be able to do (`journeys:`)"),
    ("service_levels", "what is promised (`service_levels:`)"),
    ("alerts", "what wakes somebody (`alerts:`)"),
    ("on_call", "who is called (`people:`, `teams:`, `on_call:`)"),
    ("data", "what may be lost and for how long (`data:`, `backups:`)"),
    ("compliance", "which rules hold (`compliance:`)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The text of the file, and the draft that it says: mended, and without what the file refuses."""

    text: str
    draft: Draft


def write(draft: Draft, name: str, sources: Sequence[str] = ()) -> Written:
    """A file for `draft`; `name` is the system's where no source gives one."""
    settled = settle(mend(draft, name))
    return Written(text=render(settled, sources), draft=settled)


def render(draft: Draft, sources: Sequence[str] = ()) -> str:
    """The draft as it stands; whether it makes a valid file is for `settle` to see to."""
    root = branches(draft.facts)
    root.children = {
        "apiVersion": tree({("apiVersion",): ("standfast/v1", ())}).children["apiVersion"],
        **root.children,
    }
    missing = [words for section, words in _OPEN if section not in root.children]
    head = _HEAD.replace("SOURCES", comment(_listed(sources)))
    body = "\n".join(sections(root))
    tail = _TAIL.replace("OPEN", "\n#   ".join(missing)) if missing else ""
    return f"{head}{body}\n{tail}"


def _listed(sources: Sequence[str], most: int = 6) -> str:
    if not sources:
        return "elsewhere"
    more = f" and {len(sources) - most} more" if len(sources) > most else ""
    return ", ".join(sources[:most]) + more


def branches(facts: Iterable[Fact]) -> Branch:
    return tree({one.path: (one.value, one.places) for one in facts})


# ------------------------------------------------------------------ what the file refuses is left out


def settle(draft: Draft) -> Draft:
    """The part of `draft` that makes a valid file; what is left out is noted, one by one."""
    from standfast.spec.reading import mistakes

    draft = _disentangled(draft)
    for _ in range(_ROUNDS):
        found = mistakes(render(draft))
        if not found:
            return draft
        draft = _without(draft, found)
    return replace(draft, facts=tuple(one for one in draft.facts if one.path[0] == "system"))


def _disentangled(draft: Draft) -> Draft:
    """Of a value and values below it only the one side can stand, unless the value is a shorthand."""
    from standfast.spec.drafting.layout import short_for

    above = {one.path[:length] for one in draft.facts for length in range(1, len(one.path))}
    facts, notes = [], []
    for one in draft.facts:
        if one.path in above and one.value is not None and not short_for(one.path):
            notes.append(_left(one, "there is more below it"))
        elif not one.path or not all(one.path):
            notes.append(_left(one, "it has no name"))
        else:
            facts.append(one)
    return Draft(facts=tuple(facts), notes=(*draft.notes, *notes))


def _without(draft: Draft, problems: Sequence[Problem]) -> Draft:
    """`draft` without what the problems are about; something always goes."""
    dotted = {one.dotted: one for one in draft.facts}
    wrong: dict[str, str] = {}
    for problem in problems:
        for path in _culprits(problem.path, dotted):
            wrong.setdefault(path, problem.sentence)
    if not wrong:
        wrong = {one.dotted: problems[0].sentence for one in draft.facts if one.path[0] != "system"}
    kept = tuple(one for one in draft.facts if one.dotted not in wrong)
    notes = [_left(dotted[path], said) for path, said in wrong.items()]
    return Draft(facts=kept, notes=(*draft.notes, *notes))


def _culprits(path: str, dotted: Iterable[str]) -> list[str]:
    """The facts at a path or below it; where there are none, those of the nearest map above."""
    known = list(dotted)
    while path:
        found = [one for one in known if one == path or one.startswith(f"{path}.")]
        if found:
            return found
        path = path.rpartition(".")[0]
    return []


def _left(fact: Fact, why: str) -> Note:
    place = fact.places[0] if fact.places else Place(file="", line=1, column=1)
    said = f"{fact.dotted} is left out: {why}"
    return Note(kind=NoteKind.UNSUPPORTED, place=place, text=said)


def fragment(facts: Iterable[Fact], path: Path) -> Branch:
    """What lies below `path`, for a file that exists already."""
    cut = len(path)
    return branches(
        replace(one, path=one.path[cut:])
        for one in facts
        if one.path[:cut] == path and len(one.path) > cut
    )
