"""A draft written as a reliability file: always valid, readable, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standfast import spec
from standfast.spec.drafting.draft import Draft, Fact
from standfast.spec.drafting.mending import fit
from standfast.spec.drafting.scalar import comment, emit
from standfast.spec.drafting.writing import write
from standfast.spec.tree import grow
from standfast.spec.values import Place, Strength

if TYPE_CHECKING:
    from standfast.spec.drafting.draft import Path, Plain


def fact(dotted: str, value: Plain, *lines: int) -> Fact:
    places = tuple(Place(file="compose.yaml", line=line, column=3) for line in lines or (1,))
    return Fact(path=tuple(dotted.split(".")), value=value, places=places)


SHOP = Draft(
    facts=(
        fact("components.web.type", "http", 2),
        fact("components.web.health.ready.path", "/health", 7),
        fact("components.web.health.ready.every", "10s", 7),
        fact("components.web.replicas", 3, 9),
        fact("components.web.needs.db", None, 4, 12),
        fact("components.web.needs.otel.strength", "soft", 5),
        fact("components.db.type", "postgresql", 20),
        fact("components.db.dsn", "env:DATABASE_URL", 6),
        fact("components.otel.type", "other", 30),
    )
)
WRITTEN = """\
# yaml-language-server: $schema=./standfast.schema.json
# Imported from compose.yaml.
# Nothing here is invented: what the sources do not say is left out, and `standfast review` asks for it.
# Edit freely; `standfast import --merge` keeps what you write.
apiVersion: standfast/v1
system: {name: shop}

components:                           # what it is made of, and what needs what
  web:  # from compose.yaml:2
    type: http
    replicas: 3  # from compose.yaml:9
    health: {ready: {path: /health, every: 10s}}  # from compose.yaml:7
    needs:
      db:         # hard or soft? from compose.yaml:4, :12
      otel: soft  # from compose.yaml:5
  db: {type: postgresql, dsn: env:DATABASE_URL}  # from compose.yaml:20, :6
  otel: {type: other}  # from compose.yaml:30

# Not in the sources, and asked by `standfast review`:
#   what users must always be able to do (`journeys:`)
#   what is promised (`service_levels:`)
#   what wakes somebody (`alerts:`)
#   who is called (`people:`, `teams:`, `on_call:`)
#   what may be lost and for how long (`data:`, `backups:`)
#   which rules hold (`compliance:`)
# What is assumed until then: `standfast review --assumptions`.
"""


def test_a_draft_is_laid_out_as_a_person_would() -> None:
    assert write(SHOP, "shop", ["compose.yaml"]).text == WRITTEN


def test_what_was_written_means_what_was_drafted() -> None:
    web = spec.read_text(WRITTEN).components["web"]

    assert web.needs["db"].stated is False
    assert web.needs["otel"].strength is Strength.SOFT
    assert web.health["ready"].path == "/health"


def test_names_that_the_file_refuses_are_mended_everywhere_and_noted() -> None:
    draft = Draft(
        facts=(
            fact("components.my shop!.type", "http"),
            fact("components.my-shop.type", "web"),
            fact("components.my-shop.needs.my shop!", None),
            fact("service_levels.up.of", "my shop!"),
            fact("service_levels.up.sli", "availability"),
            fact("service_levels.up.slo", "99.9%"),
        )
    )
    written = write(draft, "An odd näme")
    system = spec.read_text(written.text)

    assert system.name == "An-odd-n-me"
    assert [*system.components] == ["my-shop-2", "my-shop"]
    assert [*system.components["my-shop"].needs] == ["my-shop-2"]
    assert system.service_levels["up"].of == "my-shop-2"
    assert [one.text for one in written.draft.notes] == [
        "'my shop!' is called my-shop-2 in the file: names are letters, digits, '-' and '_'"
    ]


def test_what_the_file_refuses_is_left_out_one_by_one() -> None:
    draft = Draft(
        facts=(
            fact("components.web.type", "http"),
            fact("components.web.colour", "blue", 4),
            fact("components.web.needs.gone", None, 5),
            fact("components.web.replicas", -1, 6),
            fact("components.odd.type", "nonsense", 7),
            fact("service_levels.x.of", "web", 8),
            fact("nowhere.at.all", 1, 9),
        )
    )
    written = write(draft, "shop")

    assert [*spec.read_text(written.text).components] == ["web"]
    assert sorted(str(one.place) for one in written.draft.notes) == [
        f"compose.yaml:{line}:3" for line in range(4, 10)
    ]


words = st.text(max_size=12) | st.sampled_from(
    [
        "on",
        "no",
        "12:30",
        "014",
        "1e5",
        "a: b",
        "a #b",
        "- x",
        "*a",
        "&a",
        "{",
        "'",
        '"',
        "\u2028",
        "\x85",
        "null",
        "~",
        "5m",
        "99.9%",
    ]
)
plain = (
    words
    | st.integers(-5, 10**20)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e6, max_value=1e6)
    | st.booleans()
    | st.none()
    | st.lists(words, max_size=3).map(tuple)
)
names = st.sampled_from(["web", "db", "a b", "ä", "x" * 70, "-", "9"]) | st.text(
    min_size=1, max_size=5
)
keys = st.sampled_from(
    [
        "type",
        "replicas",
        "url",
        "owner",
        "needs",
        "health",
        "ready",
        "path",
        "of",
        "sli",
        "slo",
        "colour",
        "strength",
    ]
)
sections = st.sampled_from(
    ["components", "components", "components", "service_levels", "teams", "system", "alerts", "zzz"]
)
paths = st.one_of(
    st.tuples(sections, names),
    st.tuples(sections, names, keys),
    st.tuples(st.just("components"), names, st.just("needs"), names),
    st.tuples(st.just("components"), names, keys, keys, keys),
    st.tuples(sections),
)
values = plain | st.sampled_from(
    ["http", "postgresql", "hard", "availability", "99.9%", "web", "/health"]
)
lines = st.integers(1, 99).map(lambda line: Place(file="a b\n.yaml", line=line, column=1))


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    found: dict[Path, Fact] = {}
    for path in draw(st.lists(paths, max_size=12)):
        found[path] = Fact(
            path=path, value=draw(values), places=tuple(draw(st.lists(lines, max_size=2)))
        )
    return Draft(facts=tuple(found.values()))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(drafts())
def test_any_draft_makes_a_file_that_reads_without_an_error(draft: Draft) -> None:
    written = write(draft, "shop", ["a.yaml"])

    spec.read_text(written.text)  # raises where it is not valid
    left = {one.text.partition(" is left out")[0] for one in written.draft.notes}
    assert len(written.draft.facts) + len(left) >= len(draft.facts)


@given(plain)
def test_any_value_reads_back_as_itself(value: Plain) -> None:
    def clean(one: object) -> object:
        return one.encode("utf-8", "replace").decode() if isinstance(one, str) else one

    read = grow(f"k: {emit(value)}\nflow: {{k: {emit(value)}, l: 1}}\n", "x", [])
    expected: object = [clean(one) for one in value] if isinstance(value, tuple) else clean(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**17:
        expected = str(value)
    if isinstance(value, float):
        assert read.data()["k"] == round(value, 12)  # type: ignore[index]
        return
    assert read.data() == {"k": expected, "flow": {"k": expected, "l": 1}}


@given(st.text(max_size=80))
def test_any_words_fit_a_comment(said: str) -> None:
    assert grow(f"a: 1  # {comment(said)}\nb: 2\n", "x", []).data() == {"a": 1, "b": 2}


@given(st.text(max_size=90))
def test_any_name_is_mended_to_one_that_the_file_takes(name: str) -> None:
    spec.read_text(f"system: {{name: {emit(fit(name))}}}\n")
