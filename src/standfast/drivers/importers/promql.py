"""Enough of PromQL to carry a query over: its strings, ranges, labels and metrics, and what is none of it."""

from __future__ import annotations

import re

LONGEST = 1900  # the file takes 2,000 characters on a line
WINDOW = "$window"
_DEEPEST = 20  # brackets around a whole query
_TOKEN = re.compile(
    r"(?P<string>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(?P<comment>\#[^\n]*)|(?P<space>\s+)"
    r"|(?P<sign>.)",
    re.DOTALL,
)
_TEMPLATES = re.compile(
    r"\{\{-?\s*\.window\s*-?\}\}|\$\{window\}|\$\{?__(?:range|rate_interval|interval)(?:_s)?\}?",
    re.IGNORECASE,
)
_OPEN = re.compile(r"\{\{|\$(?!window\b)\{?[A-Za-z_]|\$\(|%\([A-Za-z_]+\)[sdgf]")
_MEANT = re.compile(r"<[A-Za-z_-]+>")
_RANGE = re.compile(r"\[([^\[\]:]*)(:[^\[\]]*)?\]")
_PARTS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`|[^\"'`]+")
_DURATION = re.compile(r"(?=.)(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?")
_MATCHER = re.compile(
    r"(?<![\w.])([A-Za-z_][A-Za-z0-9_.]*)\s*(=~|!=|!~|=)\s*(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|`([^`]*)`)"
)
_SELECTOR = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*(?:\{[^{}]*\})?")
_CLAUSE = re.compile(
    r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)|\b(?:group_left|group_right)\b"
)
_NAME = re.compile(r"(?<![\w:.$])[A-Za-z_:][A-Za-z0-9_:]*(?![\w:]|\s*\()")
_WORDS = frozenset(
    {"and", "or", "unless", "bool", "offset", "inf", "nan", "by", "without", "on", "atan2"}
)
_COUNTING = re.compile(r"\b(rate|irate|increase|delta|count_over_time|sum_over_time)\s*\(")
# Of VictoriaMetrics only. A name counts where a bracket follows: metrics may be called anything.
_METRICSQL = re.compile(
    r"\b(?:keep_last_value|keep_next_value|interpolate|remove_resets|smooth_exponential|default_rollup"
    r"|rollup(?:_[a-z]+)?|range_[a-z0-9_]+|running_[a-z0-9_]+|aggr_over_time|median_over_time|mode_over_time"
    r"|zscore(?:_over_time)?|distinct(?:_over_time)?|histogram_over_time|hoeffding_bound_[a-z]+|geomean(?:_over_time)?"
    r"|(?:count|share|sum)_(?:eq|ne|gt|le)_over_time|count_values_over_time|duration_over_time|lifetime|lag"
    r"|increases_over_time|decreases_over_time|increase_pure|increase_prometheus|rate_prometheus|delta_prometheus"
    r"|changes_prometheus|ascent_over_time|descent_over_time|integrate|ideriv|deriv_fast|tlast_over_time"
    r"|t(?:first|min|max)_over_time|scrape_interval|stale_samples_over_time|outlier_iqr_over_time|rate_over_sum"
    r"|label_(?:set|map|uppercase|lowercase|move|copy|del|keep|match|mismatch|transform|value|graphite_group)"
    r"|labels_equal|limit_offset|drop_common_labels|drop_empty_series|union|alias|now|step|ru|ttf|buckets_limit"
    r"|histogram_share|histogram_quantiles|prometheus_buckets|quantiles(?:_over_time)?|median|any|share|sum2"
    r"|(?:topk|bottomk)_(?:min|max|avg|median|last)|outliers(?:k|_iqr|_mad)|timezone_offset|rand(?:_[a-z]+)?"
    r"|bitmap_(?:and|or|xor))\s*\(|\bWITH\s*\(|\bkeep_metric_names\b|\b(?:ifnot|default)\s+[\d(A-Za-z]|[)\]}]\s*\bif\b"
    r"|\[\s*\d+(?:\.\d+)?i\s*\]|\[\s*\]",
)  # fmt: skip


_LOGQL = re.compile(
    r"\|=|\|~|\|\s*(?:json|logfmt|unwrap|regexp|pattern|line_format|label_format)\b"
)


def tidy(text: str) -> str:
    """On one line, without comments; "" where a string or a bracket stays open."""
    words: list[str] = []
    waiting: list[str] = []
    for match in _TOKEN.finditer(text):
        said = match[0]
        if match["sign"]:
            if said in "([{":
                waiting.append({"(": ")", "[": "]", "{": "}"}[said])
            elif (said in ")]}" and (not waiting or waiting.pop() != said)) or said in "\"'`":
                return ""
        words.append(" " if match["space"] or match["comment"] else said)
    return (
        ""
        if waiting
        else re.sub(" {2,}", " ", "".join(words)).strip()
        if _plain(words)
        else "".join(words).strip()
    )


def _plain(words: list[str]) -> bool:
    """Has no string two spaces in a row, which would be made one?"""
    return not any(len(word) > 1 and "  " in word for word in words)


def bare(text: str) -> str:
    """With every string emptied, so that signs in it are not taken for the query's own."""
    return "".join('""' if match["string"] else match[0] for match in _TOKEN.finditer(text))


def wrong(text: str) -> str:
    """Why a query cannot be taken as it stands; "" where it can."""
    if not text.strip():
        return "it is empty"
    if len(text) > 4 * LONGEST:
        return f"it is longer than {LONGEST:,} characters"
    if found := _METRICSQL.search(bare(text)):
        return f"`{found[0].strip(' (')}` is MetricsQL, which Prometheus does not know"
    if _LOGQL.search(bare(text)):
        return "it is LogQL, which Loki evaluates"
    if not tidy(text):
        return "a string or a bracket in it stays open"
    if len(tidy(text)) > LONGEST:
        return f"it is longer than {LONGEST:,} characters"
    return ""


def placeholder(text: str) -> str:
    """The first thing in a query that somebody else would fill in; windows aside."""
    said = _TEMPLATES.sub(WINDOW, text)
    found = _OPEN.search(said)
    if found:
        return text_at(said, found.start())
    meant = _MEANT.search(bare(said))  # in a string it is a value: code="<error>"
    return meant[0] if meant else ""


def text_at(text: str, start: int) -> str:
    return re.split(r"[\s\"',)\]]", text[start : start + 40])[0] or text[start : start + 10]


def filled(text: str) -> str:
    """With the window of Sloth's templates and Grafana's written as the file writes it."""
    return tidy(_TEMPLATES.sub(WINDOW, text))


def ranges(text: str) -> tuple[str, ...]:
    """How far back the query looks in its square brackets, each once; the steps of subqueries left out."""
    return tuple(dict.fromkeys(span.strip() for span, _ in _RANGE.findall(bare(text))))


def with_range(text: str, old: str, new: str) -> str:
    """With one length of time in square brackets made another; strings and steps stay."""

    def changed(match: re.Match[str]) -> str:
        return f"[{new}{match[2] or ''}]" if match[1].strip() == old else match[0]

    return "".join(
        part if part[0] in "\"'`" else _RANGE.sub(changed, part) for part in _PARTS.findall(text)
    )


def is_duration(text: str) -> bool:
    return bool(_DURATION.fullmatch(text))


def counting(text: str) -> frozenset[str]:
    """The functions by which it counts: `rate` and `increase` are of different units."""
    return frozenset(_COUNTING.findall(bare(text)))


def selector(text: str) -> str:
    """The series of a query that is nothing but a selector, or the sum of one; else ""."""
    inner = re.fullmatch(r"sum\s*\((.*)\)", text)
    said = (inner[1] if inner else text).strip()
    return said if _SELECTOR.fullmatch(bare(said)) else ""


def matchers(text: str) -> tuple[tuple[str, str, str], ...]:
    """Every label with its sign and value: ("job", "=", "api")."""
    return tuple(
        (label, sign, first or second or third)
        for label, sign, first, second, third in _MATCHER.findall(text[: 4 * LONGEST])
    )


def equals(text: str) -> tuple[tuple[str, str], ...]:
    """The labels that must have one value; a pattern without signs is one value too."""
    return tuple(
        (label, value)
        for label, sign, value in matchers(text)
        if sign == "=" or (sign == "=~" and re.fullmatch(r"[A-Za-z0-9_/-]+", value))
    )


def metrics(text: str) -> tuple[str, ...]:
    """The names of the series that a query reads."""
    rest = re.sub(r"\{[^{}]*\}", " ", bare(text[: 4 * LONGEST]))
    rest = _RANGE.sub(" ", _CLAUSE.sub(" ", rest))
    found = (name for name in _NAME.findall(rest) if name.lower() not in _WORDS)
    return tuple(dict.fromkeys((*found, *_named(text))))


def _named(text: str) -> list[str]:
    return [value for label, sign, value in matchers(text) if label == "__name__" and sign == "="]


def quotient(text: str) -> tuple[str, str, bool] | None:
    """Of `A / B` and of `1 - A / B` both parts, and whether A counts the good; None of anything else."""
    said = _unwrapped(tidy(text))
    parts = _split(said, "-")
    good = len(parts) == 2 and parts[0].strip() in {"1", "1.0"}
    body = _unwrapped(parts[1]) if good else said
    halves = _split(body, "/")
    if len(halves) != 2 or any(len(_split(half, sign)) > 1 for half in halves for sign in "-+*%^"):
        return None
    if any(
        re.search(r"\b(?:and|or|unless|bool|on|ignoring)\b|[<>=]=?", _top(half)) for half in halves
    ):
        return None
    return halves[0].strip(), halves[1].strip(), good


def _unwrapped(text: str) -> str:
    said = text.strip()
    for _ in range(_DEEPEST):
        if not said.startswith("(") or _closes(said) != len(said) - 1:
            break
        said = said[1:-1].strip()
    return said


def _closes(text: str) -> int:
    depth = 0
    for index, sign in _signs(text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0:
            return index
    return -1


def _signs(text: str) -> list[tuple[int, str]]:
    return [(match.start(), match[0]) for match in _TOKEN.finditer(text) if match["sign"]]


def _split(text: str, at: str) -> list[str]:
    """The parts of a query between the signs `at` that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for index, sign in _signs(text):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == at and depth == 0 and text[start:index].strip():
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]


def _top(text: str) -> str:
    """What stands in no bracket."""
    depth, found = 0, []
    for match in _TOKEN.finditer(text):
        depth += (match[0] in "([{") if match["sign"] else 0
        if depth == 0:
            found.append(" " if match["space"] else match[0])
        depth -= (match[0] in ")]}") if match["sign"] else 0
    return "".join(found)
