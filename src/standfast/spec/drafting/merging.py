"""Three versions of one file: the last import, the new one, and what a hand has made of it. The hand wins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from standfast.errors import StandfastError
from standfast.spec.drafting.editing import NotHere, Sheet, sheet
from standfast.spec.drafting.layout import Branch, Leaf
from standfast.spec.drafting.record import Record, confirmed, same
from standfast.spec.drafting.scalar import emit
from standfast.spec.tree import grow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from standfast.spec.drafting.draft import Draft, Fact, Path, Plain
    from standfast.spec.problem import Problem
    from standfast.spec.tree import Node

_ROUNDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A value that the hand and the sources see differently; the file keeps the hand's."""

    path: Path
    yours: str  # as the file says it; "" where it is not there
    theirs: str  # as the sources say it; "" where they no longer do
    why: str

    @property
    def dotted(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The file's new text and what was done to it."""

    text: str
    added: tuple[Path, ...] = ()
    updated: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.added or self.updated or self.removed)


@dataclass(slots=True)
class _Plan:
    file: str
    ours: Node
    base: Mapping[Path, Fact]
    theirs: Mapping[Path, Fact]
    added: dict[Path, Fact] = field(default_factory=dict)
    updated: dict[Path, Fact] = field(default_factory=dict)
    removed: set[Path] = field(default_factory=set)
    conflicts: dict[Path, Conflict] = field(default_factory=dict)

    def conflict(
        self, path: Path, node: Node | None, theirs: Plain, why: str, *, gone: bool = False
    ) -> None:
        said = Conflict(
            path=path,
            yours="" if node is None else _shown(node),
            theirs="" if gone else emit(theirs),
            why=why,
        )
        self.conflicts.setdefault(path, said)


def merge(
    text: str,
    file: str,
    ours: Node,
    record: Record,
    draft: Draft,
    check: Callable[[str], Sequence[Problem]],
) -> Merged:
    """`text` with what the sources have changed since `record`, and nothing that a hand has touched.

    `ours` is the file's tree with what it includes; `check` says what is wrong with a text in its place.
    """
    base = {one.path: one for one in record.facts}
    plan = _Plan(file, ours, base, {one.path: one for one in draft.facts})
    for fact in draft.facts:
        _take(plan, fact)
    _let_go(plan)
    for _ in range(_ROUNDS):
        merged = _written(plan, text)
        wrong = check(merged) if merged != text else ()
        if not wrong:
            return Merged(
                text=merged,
                added=tuple(plan.added),
                updated=tuple(plan.updated),
                removed=tuple(sorted(plan.removed)),
                conflicts=tuple(plan.conflicts.values()),
            )
        _withdraw(plan, wrong)
    return Merged(text=text, conflicts=tuple(plan.conflicts.values()))


# ------------------------------------------------------------------ deciding, value by value


def _take(plan: _Plan, fact: Fact) -> None:
    path, value, node = fact.path, fact.value, find(plan.ours, fact.path)
    before = plan.base.get(path)
    if before is None:
        _take_new(plan, fact, node)
    elif _alike(before.value, value):
        return  # whatever the hand has made of it stands
    elif node is None:
        if find(plan.ours, path[:2]) is not None:
            plan.conflict(
                path, None, value, "it was removed by hand, and has changed in the sources"
            )
    elif says(value, node, path):
        return
    elif says(before.value, node, path):
        plan.updated[path] = fact
    else:
        plan.conflict(path, node, value, "changed by hand and in the sources")


def _take_new(plan: _Plan, fact: Fact, node: Node | None) -> None:
    path, value = fact.path, fact.value
    if node is not None:
        if value is not None and not says(value, node, path):
            plan.conflict(path, node, value, "written by hand, and the sources say otherwise")
        return
    known = any(one[:2] == path[:2] for one in plan.base)
    if known and len(path) > 2 and find(plan.ours, path[:2]) is None:
        plan.conflict(
            path[:2], None, None, "it was removed by hand; what is new about it is left out"
        )
    else:
        plan.added[path] = fact


def _alike(one: Plain, other: Plain) -> bool:
    return type(one) is type(other) and one == other


def find(root: Node, path: Path) -> Node | None:
    """What the file says at `path`; a need in a list, and a value in its short form, are found too."""
    node = root
    for index, step in enumerate(path):
        if node.items is not None:
            found = next((one for one in node.items if one.scalar == step), None)
        else:
            found = node.child(step)
            if found is None and _in_short(node, path[index:]):
                return node
        if found is None:
            return None
        node = found
    return node


def _in_short(node: Node, rest: Path) -> bool:
    return node.kind == "scalar" and node.scalar is not None and rest in (("path",), ("strength",))


def says(value: Plain, node: Node, path: Path) -> bool:
    """Does the node say what an importer said? A need in a list is one whose strength nobody states."""
    if value is None and node.kind == "scalar" and node.scalar == path[-1]:
        return True
    return same(value, node)


def _shown(node: Node) -> str:
    if node.entries is not None:
        inner = ", ".join(
            f"{key}: {_shown(value)}" for key, (_, value) in [*node.entries.items()][:6]
        )
        return f"{{{inner}}}"
    if node.items is not None:
        return f"[{', '.join(_shown(one) for one in node.items[:6])}]"
    return emit(node.scalar)


# ------------------------------------------------------------------ what the sources no longer say


def _let_go(plan: _Plan) -> None:
    deeper = {one[:cut] for one in plan.theirs for cut in range(1, len(one) + 1)}
    owners: dict[Path, list[Fact]] = {}
    for path, fact in plan.base.items():
        if path in deeper:
            continue
        if path[:2] not in deeper and len(path) > 1:
            owners.setdefault(path[:2], []).append(fact)
        else:
            _let_value_go(plan, fact)
    _let_owners_go(plan, owners)


def _let_value_go(plan: _Plan, fact: Fact) -> None:
    node = find(plan.ours, fact.path)
    if node is None:
        return
    if says(fact.value, node, fact.path):
        plan.removed.add(fact.path)
    else:
        why = "the sources no longer have it; changed by hand, so it stays"
        plan.conflict(fact.path, node, None, why, gone=True)


def _let_owners_go(plan: _Plan, owners: Mapping[Path, Sequence[Fact]]) -> None:
    """A component goes as a whole: if no hand has touched it, and nothing that stays names it."""
    there = {path: node for path in owners if (node := find(plan.ours, path)) is not None}
    untouched = {path for path, node in there.items() if _untouched(node, path, owners[path])}
    while True:
        gone = plan.removed | untouched
        named = {path for path in untouched if _named(plan.ours, (), path[1], gone)}
        if not named:
            break
        untouched -= named
    for path, node in there.items():
        if path not in untouched:
            why = "the sources no longer have it; changed by hand or needed by others, so it stays"
            plan.conflict(path, node, None, why, gone=True)
    plan.removed |= untouched


def _untouched(node: Node, path: Path, facts: Sequence[Fact]) -> bool:
    record = Record(sources={}, facts=tuple(replace(one, path=one.path[2:]) for one in facts))
    if not node.entries:
        return any(one.path == path for one in facts) or node.scalar is None
    whole = confirmed(record, node)
    return all(
        key in whole or _list_of(record, key, child) for key, (_, child) in node.entries.items()
    )


def _list_of(record: Record, key: str, node: Node) -> bool:
    """`needs: [db]` says what was imported as `needs: {db: }`."""
    return node.items is not None and all(
        (key, str(one.scalar)) in record.values for one in node.items
    )


def _named(node: Node, path: Path, name: str, gone: set[Path]) -> bool:
    """Is `name` a key of needs or backups, or a value anywhere, outside of what goes?"""
    if path in gone:
        return False
    if node.entries is not None:
        keys = path[2:] == ("needs",) or path == ("backups",)
        if keys and name in node.entries and (*path, name) not in gone:
            return True
        return any(
            _named(child, (*path, key), name, gone) for key, (_, child) in node.entries.items()
        )
    if node.items is not None:
        parts = [(one, (*path, str(one.scalar))) for one in node.items]
        return any(
            at not in gone and (one.scalar == name or _named(one, at, name, gone))
            for one, at in parts
        )
    return len(path) > 1 and node.scalar == name and path[-1] not in ("type", "name")


# ------------------------------------------------------------------ writing it down


def _written(plan: _Plan, text: str) -> str:
    """The text with the plan's changes; what cannot be changed in place becomes a conflict and is left."""
    paper = sheet(text)
    _update(plan, paper)
    containers = _add(plan, paper)
    for path, why in paper.remove(plan.removed, containers).items():
        _keep(plan, path, why)
    try:
        merged = paper.applied()
    except NotHere as error:
        if not plan.removed:
            raise _unsafe(plan) from error
        for path in tuple(plan.removed):
            _keep(plan, path, str(error))
        return _written(plan, text)
    _prove(plan, text, merged)
    return merged


def _update(plan: _Plan, paper: Sheet) -> None:
    for path, fact in tuple(plan.updated.items()):
        node = find(plan.ours, path)
        try:
            _here(plan, node)
            paper.put(path, fact.value, plan.base[path].places, fact.places)
        except NotHere as error:
            del plan.updated[path]
            plan.conflict(path, node, fact.value, f"the sources have changed it, but {error}")


def _here(plan: _Plan, node: Node | None) -> None:
    if node is not None and node.file != plan.file:
        raise NotHere(f"it stands in {node.file}, which is included and not written to")


def _add(plan: _Plan, paper: Sheet) -> set[Path]:
    """Puts new entries into the maps that exist; answers with those maps."""
    groups: dict[Path, dict[Path, Fact]] = {}
    for path, fact in tuple(plan.added.items()):
        try:
            _, rest, _ = paper.walk(path)
            container = path[: len(path) - len(rest)]
            _here(plan, find(plan.ours, path[: len(container) + 1]))
            groups.setdefault(container, {})[path] = fact
        except NotHere as error:
            _drop(plan, path, f"the sources have it, but {error}")
    # Where several maps end at one line, what belongs to the innermost comes first.
    for container, facts in sorted(groups.items(), key=lambda one: -len(one[0])):
        branch = Branch()
        for path, fact in facts.items():
            branch.put(path[len(container) :], Leaf(fact.value, fact.places))
        try:
            paper.add(container, branch)
        except NotHere as error:
            for path in facts:
                _drop(plan, path, f"the sources have it, but {error}")
    return {*groups}


def _drop(plan: _Plan, path: Path, why: str) -> None:
    fact = plan.added.pop(path)
    plan.conflict(path, None, fact.value, why)


def _keep(plan: _Plan, path: Path, why: str) -> None:
    """What was to be removed at `path` or below stays."""
    plan.removed -= {one for one in plan.removed if one[: len(path)] == path}
    plan.conflict(
        path, find(plan.ours, path), None, f"the sources no longer have it, but {why}", gone=True
    )


def _withdraw(plan: _Plan, wrong: Sequence[Problem]) -> None:
    """Takes back what made the file invalid: what points at something that the hand removed, for one."""
    for problem in wrong:
        path = problem.path
        found: list[Path] = []
        while path and not found:
            found = [one for one in plan.added if _below(".".join(one), path)]
            path = path.rpartition(".")[0]
        for one in found:
            _drop(plan, one, f"the sources have it, but {problem.sentence}")
        if found:
            return
    if not plan.removed:
        raise _unsafe(plan)
    for one in tuple(plan.removed):
        _keep(plan, one, wrong[0].sentence)


def _below(dotted: str, path: str) -> bool:
    return dotted == path or dotted.startswith(f"{path}.")


# ------------------------------------------------------------------ nothing else has changed


def _prove(plan: _Plan, before: str, after: str) -> None:
    """Every value that was not to change is as it was: this holds, or nothing is written."""
    old, new = _leaves(grow(before, plan.file, [])), _leaves(grow(after, plan.file, []))
    touched = {*plan.updated, *plan.added}
    for path, value in old.items():
        gone = any(path[:cut] in plan.removed for cut in range(1, len(path) + 1))
        if (
            not gone
            and path not in touched
            and new.get(path, _ABSENT) != value
            and value is not None
        ):
            if any(path == one[: len(path)] for one in touched):
                continue  # a short form was written out, or an empty map filled
            raise _unsafe(plan)
    for path in plan.removed:
        if path in new:
            raise _unsafe(plan)


_ABSENT = object()


def _leaves(node: Node, path: Path = ()) -> dict[Path, object]:
    found: dict[Path, object] = {}
    for key, (_, child) in (node.entries or {}).items():
        found |= _leaves(child, (*path, key))
    for item in node.items or ():
        found |= _leaves(item, (*path, str(item.scalar)))
    if not node.entries and not node.items:
        found[path] = node.scalar
    return found


def _unsafe(plan: _Plan) -> StandfastError:
    return StandfastError(
        "the new import cannot be merged without touching what was written by hand",
        where=plan.file,
        fix="import into another file with `--out`, and take over what you want",
    )
