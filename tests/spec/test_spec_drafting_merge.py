"""Merging a new import into a file that a hand has edited: the hand's work is never lost."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standfast import spec
from standfast.errors import StandfastError
from standfast.spec.drafting.draft import Draft, Fact
from standfast.spec.drafting.merging import Merged, find, merge
from standfast.spec.drafting.record import Record, name_of, read, render
from standfast.spec.drafting.writing import write
from standfast.spec.reading import joined, wrong_with
from standfast.spec.tree import grow
from standfast.spec.values import Grade, Place

FILE = "standfast.yaml"


@dataclass
class Shelf:
    """Files in memory, as a loader."""

    texts: dict[str, str] = field(default_factory=dict)

    def read(self, path: str) -> str:
        if path not in self.texts:
            raise FileNotFoundError(2, "no such file", path)
        return self.texts[path]

    def glob(self, pattern: str) -> list[str]:
        return [one for one in self.texts if one == pattern]


def fact(dotted: str, value: object, line: int = 1) -> Fact:
    place = Place(file="compose.yaml", line=line, column=1)
    return Fact(path=tuple(dotted.split(".")), value=value, places=(place,))  # type: ignore[arg-type]


def draft(**parts: object) -> Draft:
    """Components by name: a type, or a type and what it needs, or its values by dotted key."""
    facts = []
    for name, about in parts.items():
        values = about if isinstance(about, dict) else {"type": about}
        facts += [fact(f"components.{name}.{key}", value) for key, value in values.items()]
    return Draft(facts=tuple(facts))


def record_of(one: Draft) -> Record:
    return Record(sources={}, facts=write(one, "shop").draft.facts)


def merged(text: str, before: Draft | None, after: Draft, **included: str) -> Merged:
    shelf = Shelf({f"{name}.yaml": one for name, one in included.items()})
    base = record_of(before) if before else Record(sources={}, facts=())
    return merge(
        text,
        FILE,
        joined(FILE, text, shelf),
        base,
        write(after, "shop").draft,
        lambda new: wrong_with(FILE, new, shelf),
    )


WEB = {"type": "http", "needs.db": None}
BEFORE = draft(web=WEB, db="postgresql")


def written(one: Draft) -> str:
    return write(one, "shop").text


def test_nothing_changes_where_the_sources_have_not() -> None:
    text = written(BEFORE).replace("db:  #", "db: hard  #")
    done = merged(text, BEFORE, BEFORE)

    assert done.text == text
    assert (done.changed, done.conflicts) == (False, ())


def test_what_is_new_is_added_where_it_belongs() -> None:
    after = draft(web={**WEB, "needs.cache": None, "replicas": 2}, db="postgresql", cache="redis")
    done = merged(written(BEFORE), BEFORE, after)

    web = spec.read_text(done.text).components["web"]
    assert [*web.needs] == ["db", "cache"]
    assert {".".join(one) for one in done.added} == {
        "components.web.replicas",
        "components.web.needs.cache",
        "components.cache.type",
    }


def test_what_no_hand_touched_is_brought_up_to_date_with_its_citation() -> None:
    before = draft(web={"type": "http", "replicas": 2, "needs.db": None}, db="postgresql")
    after = Draft(
        facts=tuple(
            fact("components.web.replicas", 5, line=40) if one.path[-1] == "replicas" else one
            for one in before.facts
        )
    )
    text = written(before)
    shown = "    replicas: 2\n"
    assert shown in text
    done = merged(text, before, after)

    assert done.text == text.replace(shown, "    replicas: 5\n")
    assert done.updated == (("components", "web", "replicas"),)


def test_a_value_that_the_hand_changed_stays_and_is_reported_with_both() -> None:
    before, after = (
        draft(web={"type": "http", "replicas": 2}),
        draft(web={"type": "http", "replicas": 5}),
    )
    text = written(before).replace("replicas: 2", "replicas: 9")
    done = merged(text, before, after)

    assert done.text == text
    (conflict,) = done.conflicts
    assert (conflict.dotted, conflict.yours, conflict.theirs) == (
        "components.web.replicas",
        "9",
        "5",
    )
    assert merged(text, after, after).conflicts == ()  # told once: the hand has decided


def test_what_left_the_sources_goes_only_where_untouched() -> None:
    before = draft(web={**WEB, "needs.old": None}, db="postgresql", old="redis")
    text = written(before)
    done = merged(text, before, BEFORE)

    assert " old:" not in done.text
    assert done.removed == (("components", "old"), ("components", "web", "needs", "old"))

    kept = merged(
        text.replace("old: {type: redis}", "old: {type: redis, availability: 99.9%}"),
        before,
        BEFORE,
    )
    assert "availability: 99.9%" in kept.text
    assert [one.dotted for one in kept.conflicts] == ["components.old"]


def test_a_component_that_the_hand_refers_to_is_not_removed() -> None:
    text = written(BEFORE) + "data:\n  orders: {store: db, rpo: 5m, rto: 1h}\n"
    after = draft(web="http")
    done = merged(text, BEFORE, after)

    assert "  db: {type: postgresql}" in done.text
    assert " needs:" not in done.text
    assert [one.dotted for one in done.conflicts] == ["components.db"]


def test_what_the_hand_removed_does_not_come_back() -> None:
    text = re.sub(r"    needs:\n      db:.*\n|  db: .*\n", "", written(BEFORE))
    after = draft(
        web=WEB, db={"type": "postgresql", "replicas": 2}, cache={"type": "redis", "needs.db": None}
    )
    done = merged(text, BEFORE, after)
    system = spec.read_text(done.text)

    assert [*system.components] == ["web", "cache"]
    assert not system.components["cache"].needs
    assert {one.dotted for one in done.conflicts} == {"components.db", "components.cache.needs.db"}


def test_without_a_record_what_is_there_counts_as_the_hands() -> None:
    text = "system: {name: mine}\ncomponents:\n  web: {type: web, needs: {db: hard}}\n  db: {type: mysql}\n"
    done = merged(text, None, draft(web=WEB, db="postgresql", cache="redis"))

    assert done.text == text + "  cache: {type: redis}  # from compose.yaml:1\n"
    assert {one.dotted for one in done.conflicts} == {
        "system.name",
        "components.web.type",
        "components.db.type",
    }


STYLES = {
    "braces": "system: {name: shop}\ncomponents: {web: {type: http, needs: {db: }}, db: {type: postgresql}}\n",
    "a list of needs": "system: {name: shop}\ncomponents:\n  web: {type: http, needs: [db]}\n"
    "  db: {type: postgresql}\n",
    "a list of needs, line by line": "system: {name: shop}\ncomponents:\n  web:\n    type: http\n"
    "    needs:\n    - db # one\n  db: {type: postgresql}\n",
    "no line end": "system: {name: shop}\ncomponents:\n  web:\n    type: http\n"
    "    needs: {db: }\n  db: {type: postgresql}",
    "Windows line ends": "system: {name: shop}\r\ncomponents:\r\n  web:\r\n"
    "    type: http # a\r\n    needs:\r\n      db:\r\n  db:\r\n"
    "    type: postgresql\r\n",
    "wide braces": "system: {name: shop}\ncomponents:\n"
    "  web:   {type: http,   needs: {db:   }}  # aligned\n"
    "  db:    {type: postgresql}\n",
    "other indents": "system:\n    name: shop\ncomponents:\n    web:\n          type: http\n"
    "          needs:\n             db:\n    db:\n"
    "          type: postgresql\n",
    "needs without any": "system: {name: shop}\ncomponents:\n  web:\n    needs:\n"
    "    # nothing yet\n    type: http\n  db: {type: postgresql}\n",
    "quotes": '"system": {\'name\': "shop"}\n\'components\':\n  "web":\n'
    "    'type': 'http'\n    \"needs\": {'db': ~}\n"
    "  'db': {\"type\": 'postgresql'}\n",
    "block scalars": "system: {name: shop}\ncomponents:\n  web:\n    type: http\n"
    "    needs: {db: null}\n  db:\n    type: postgresql\n"
    "    rebuild_from: >\n      a story\n\n# the end\n",
}


@pytest.mark.parametrize("style", STYLES)
def test_whatever_the_style_the_rest_of_the_text_stays(style: str) -> None:
    text = STYLES[style]
    after = draft(
        web={"type": "http", "needs.db": None, "needs.cache": None},
        db={"type": "postgresql", "replicas": 2},
        cache="redis",
    )
    done = merged(text, BEFORE, after)
    system = spec.read_text(done.text)

    assert [*system.components] == ["web", "db", "cache"], done
    assert "cache" in system.components["web"].needs
    assert system.components["db"].replicas == {"default": 2}
    for line in text.splitlines():
        assert all(
            word in done.text for word in line.replace("}", " ").replace("]", " ").split()
        ), line
    again = merged(done.text, after, after)
    assert again.text == done.text
    gone = merged(done.text, after, BEFORE)
    assert not gone.conflicts or style == "block scalars"
    assert [*spec.read_text(gone.text).components] == ["web", "db"]


def test_an_anchor_is_not_edited_through_its_alias() -> None:
    text = "system: {name: shop}\ncomponents:\n  web: &x {type: http}\n  api: *x\n"
    before, after = (
        draft(web="http", api="http"),
        draft(web="http", api={"type": "http", "replicas": 3}),
    )
    done = merged(text, before, after)

    assert done.text == text
    assert "anchor" in done.conflicts[0].why


def test_included_files_are_read_and_not_written() -> None:
    text = "include: [parts.yaml]\nsystem: {name: shop}\ncomponents:\n  web: {type: http}\n"
    parts = "components:\n  db: {type: postgresql, replicas: 1}\n"
    before = draft(web="http", db={"type": "postgresql", "replicas": 1})
    after = draft(
        web=WEB, db={"type": "postgresql", "replicas": 2, "url": "http://db"}, cache="redis"
    )
    done = merged(text, before, after, parts=parts)

    assert "needs: {db: null}" in done.text
    assert "cache: {type: redis}" in done.text
    assert sorted(one.dotted for one in done.conflicts) == [
        "components.db.replicas",
        "components.db.url",
    ]
    assert all("parts.yaml" in one.why for one in done.conflicts)


def test_a_comment_within_braces_is_not_cut_out() -> None:
    text = (
        "system: {name: shop}\ncomponents: {\n"
        "  web: {type: http},  # the shop\n  db: {type: postgresql},  # its data\n}\n"
    )
    done = merged(text, draft(web="http", db="postgresql"), draft(web="http"))

    assert done.text == text
    assert "comment" in done.conflicts[0].why


# ------------------------------------------------------------------ the record


def test_a_record_reads_back() -> None:
    facts = (
        fact("components.web.type", "http"),
        fact("components.web.needs.db", None),
        fact("components.web.replicas", 3),
        fact("journeys.buy.path", ("web", "a b", "ä\u2028")),
        Fact(
            path=("components", "a.b"),
            value=True,
            places=(Place(file="C:\\x y.yaml", line=3, column=9),),
        ),
    )
    record = Record(sources={"compose.yaml": "ab" * 32, "a: b.yaml": "cd" * 32}, facts=facts)

    assert read(render(record), "r.yaml") == record
    assert read(render(Record(sources={}, facts=())), "r.yaml") == Record(sources={}, facts=())


def test_values_that_are_still_as_imported_are_graded_so() -> None:
    text = written(BEFORE).replace("db:  #", "db: hard  #").replace("type: http", "type: web")
    shelf = Shelf({FILE: text, name_of(FILE): render(record_of(BEFORE))})
    system = spec.read(FILE, shelf)
    alone = spec.read(FILE, Shelf({FILE: text}))

    assert system.grade("components.db") is Grade.IMPORTED
    assert system.grade("components.db.type") is Grade.IMPORTED
    assert system.grade("components.web.type") is Grade.STATED
    assert system.grade("components.web.needs.db") is Grade.STATED
    assert system.grade("components.web") is Grade.STATED
    assert system.grade("regions") is Grade.ASSUMED
    assert alone.grade("components.db.type") is Grade.STATED
    assert alone.digest == system.digest


def test_a_broken_record_is_one_clear_error() -> None:
    shelf = Shelf({FILE: written(BEFORE), name_of(FILE): "facts: [\n"})

    with pytest.raises(StandfastError, match=r"standfast\.imported\.yaml:2:1: error: .*remove it"):
        spec.read(FILE, shelf)


# ------------------------------------------------------------------ any file, any hand

NAMES = ["web", "api", "db", "cache", "mail"]
TYPES = ["http", "worker", "redis", "postgresql"]


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    chosen = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    facts = []
    for name in chosen:
        facts.append(
            fact(f"components.{name}.type", draw(st.sampled_from(TYPES)), draw(st.integers(1, 9)))
        )
        if draw(st.booleans()):
            facts.append(fact(f"components.{name}.replicas", draw(st.integers(1, 3))))
        if draw(st.booleans()):
            facts.append(
                fact(f"components.{name}.health.ready.path", draw(st.sampled_from(["/a", "/b"])))
            )
        for to in draw(st.lists(st.sampled_from(chosen), unique=True, max_size=3)):
            if to != name:
                soft = draw(st.booleans())
                facts.append(
                    fact(f"components.{name}.needs.{to}.strength", "soft")
                    if soft
                    else fact(f"components.{name}.needs.{to}", None)
                )
    return Draft(facts=tuple(facts))


@dataclass
class Hand:
    """What somebody did to the text: values by path, and words that must not be lost."""

    text: str
    values: dict[tuple[str, ...], object] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


@st.composite
def edited(draw: st.DrawFn, text: str) -> Hand:
    hand = Hand(text)
    for number in range(draw(st.integers(0, 4))):
        lines = hand.text.split("\n")
        at = draw(st.integers(8, max(8, len(lines) - 9)))
        kind = draw(
            st.sampled_from(["above", "behind", "strength", "own", "replicas", "availability"])
        )
        mark = f"# by hand {number}"
        if kind == "above":
            lines.insert(at, f"{' ' * draw(st.integers(0, 8))}{mark}")
            hand.words.append(mark)
        elif kind == "behind":
            lines[at] += f" {mark}" if "#" in lines[at] else f"  {mark}"
            hand.words.append(mark)
        elif kind == "own":
            where = lines.index(next(one for one in lines if one.startswith("components:"))) + 1
            lines.insert(
                where, f"  own{number}: {{type: queue, url: 'http://own{number}'}}  {mark}"
            )
            hand.values["components", f"own{number}", "url"] = f"http://own{number}"
            hand.words.append(mark)
        hand.text = "\n".join(lines)
        tree = grow(hand.text, FILE, [])
        if kind == "strength":
            _change(hand, r"^      (\w+):(?= )", "needs", "hard", tree, lines)
        elif kind == "replicas":
            hand.text = hand.text.replace("replicas: 1", "replicas: 7", 1)
        elif kind == "availability":
            hand.text = hand.text.replace("{type: redis", "{availability: 98%, type: redis", 1)
    tree = grow(hand.text, FILE, [])
    before = grow(text, FILE, [])
    for path, value in _leaves(tree):
        old = find(before, path)
        if old is None or old.scalar != value:
            hand.values[path] = value
    return hand


def _change(
    hand: Hand, pattern: str, section: str, value: str, tree: object, lines: list[str]
) -> None:
    del section, tree
    for index, line in enumerate(lines):
        if re.search(pattern, line) and ": soft" not in line and ": hard" not in line:
            lines[index] = re.sub(pattern, rf"      \1: {value}", line, count=1)
            break
    hand.text = "\n".join(lines)


def _leaves(node: object, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    entries = getattr(node, "entries", None)
    if entries:
        return [
            leaf for key, (_, child) in entries.items() for leaf in _leaves(child, (*path, key))
        ]
    return [(path, getattr(node, "scalar", None))]


@settings(
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
@given(st.data())
def test_what_a_hand_wrote_is_never_lost_and_a_second_time_changes_nothing(
    data: st.DataObject,
) -> None:
    before, after = data.draw(drafts()), data.draw(drafts())
    hand = data.draw(edited(written(before)))
    spec.read_text(hand.text)
    done = merged(hand.text, before, after)

    spec.read_text(done.text)
    tree = grow(done.text, FILE, [])
    for path, value in hand.values.items():
        found = find(tree, path)
        assert found is not None, (path, done.text)
        assert found.scalar == value, (path, done.text)
    for word in hand.words:
        assert word in done.text, done.text
    again = merged(done.text, after, after)
    assert again.text == done.text
    assert not again.changed
