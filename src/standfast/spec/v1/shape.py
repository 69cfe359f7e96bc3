"""What all shapes share, and the small values with their spelling in the published schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from fractions import Fraction
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictBool,
    StrictInt,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from standfast.spec import units
from standfast.spec.problem import nearest
from standfast.spec.promises import Written
from standfast.spec.promises import promise as read_promise
from standfast.spec.values import Money, SecretRef

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"
_NAME = re.compile(NAME, re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z0-9._\[\]:-]+:\d{1,5}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9_*:.-]{1,253}", re.ASCII)
_URL = re.compile(r"https?://[^\s/?#]+\S*", re.ASCII)
_SECRET = re.compile(r"(env|file):(\S{1,500})", re.ASCII)
DURATION = r"^(?=.)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$"


class Shape(BaseModel):
    """A mapping of the file: unknown keys refused, values never coerced from another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class Shorthand:
    """Annotation: besides the full form, the published schema allows `schema` too."""

    def __init__(self, **schema: Any) -> None:
        self._schema = schema

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        full = handler(core)
        return {"anyOf": [full, self._schema]}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    shown = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
    if value is None or isinstance(value, dict | list):
        raise ValueError("text is expected here")
    raise ValueError(f'text is expected here; put it in quotes: "{shown}"')


def _line(value: object) -> str:
    text = _text(value).strip()
    if not text:
        raise ValueError("text is expected here, and it is empty")
    if len(text) > 2000:
        raise ValueError("at most 2000 characters fit here")
    return text


def _name(value: object) -> str:
    text = _reference(value)
    if not _NAME.fullmatch(text):
        raise ValueError(f"not a name: '{text[:80]}'; use letters, digits, '-' and '_', at most 63")
    return text


def _reference(value: object) -> str:
    """Backstage's `group:default/team-a` means `team-a` here."""
    text = _line(value)
    kind, colon, rest = text.partition(":")
    return rest.rpartition("/")[2] if colon and kind in {"group", "user"} else text


def _matching(pattern: re.Pattern[str], example: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        text = _line(value)
        if not pattern.fullmatch(text):
            raise ValueError(f"'{text[:80]}' does not read like {example}")
        return text

    return check


def _secret(value: object) -> SecretRef:
    """A literal is not kept: it becomes a mark that the review finds."""
    match = _SECRET.fullmatch(_line(value))
    return SecretRef(kind=match[1], name=match[2]) if match else SecretRef(kind="literal", name="")


def _many(value: object) -> object:
    return [value] if isinstance(value, str | int | float) else value


class Read:
    """Annotation: the value is what `parse` makes of the text; `schema` tells editors its spelling."""

    def __init__(self, parse: Callable[[Any], object], *examples: str, **schema: Any) -> None:
        self._parse = parse
        self._schema = {"type": "string"} if "anyOf" not in schema else {}
        self._schema |= schema | ({"examples": list(examples)} if examples else {})

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self._parse)

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return dict(self._schema)


class OneOf(Read):
    """Annotation: one of a few words; `aliases` are other tools' spellings (`_` stands for a space)."""

    def __init__(self, *allowed: str, **aliases: str) -> None:
        other = {key.replace("_", " "): value for key, value in aliases.items()}

        def check(value: object) -> str:
            text = _line(value)
            found = other.get(text.lower().replace("-", " ").replace("/", " "), text)
            if found not in allowed:
                hint = nearest(text, allowed) or f"; write one of {', '.join(allowed)}"
                raise ValueError(f"unknown word '{text[:80]}'{hint}")
            return found

        spelled = [*allowed, *other, *(word.replace(" ", "-") for word in other)]
        super().__init__(check, enum=list(dict.fromkeys(spelled)))


class Many:
    """Annotation: a list whose only item may stand without brackets."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(_many, handler(source))

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        full = handler(core)
        return {"anyOf": [full, full.get("items", {})]}


_PERCENT = r"^\d+(\.\d+)?\s*%$"
_SIZE = r"^\d+(\.\d+)?\s*([kKMGTP]i?)?B"
Line = Annotated[str, Read(_line, minLength=1)]
Name = Annotated[str, Read(_name, pattern=NAME)]
Reference = Annotated[str, Read(_reference, minLength=1)]
Url = Annotated[
    str, Read(_matching(_URL, "https://host/path"), "https://shop.test", pattern="^https?://")
]
Host = Annotated[str, Read(_matching(_HOST, "db.shop.test"), "db.shop.test", minLength=1)]
Address = Annotated[str, Read(_matching(_ADDRESS, "host:port"), "db:5432", pattern=r":\d+$")]
Duration = Annotated[timedelta, Read(units.duration, "30s", "1h30m", "7d", pattern=DURATION)]
Response = Annotated[
    timedelta | None,
    Read(
        units.response,
        anyOf=[{"type": "string", "pattern": DURATION}, {"const": "next business day"}],
    ),
]
Percentage = Annotated[Fraction, Read(units.percentage, "99.9%", pattern=_PERCENT)]
Growth = Annotated[Fraction, Read(units.growth, "30%", pattern=_PERCENT)]
Amount = Annotated[Money, Read(units.money, "4200 EUR", pattern=r"^\d+(\.\d+)? [A-Z]{3}$")]
Size = Annotated[int, Read(units.size, "120GB", pattern=_SIZE + "$")]
Speed = Annotated[int, Read(units.speed, "90MB/s", pattern=_SIZE + "/s$")]
Day = Annotated[date, Read(units.day, "2026-10-14", pattern=r"^\d{4}-\d\d-\d\d$")]
Daily = Annotated[time, Read(units.daily, "02:00 daily", pattern=r"^(daily )?\d\d:\d\d( daily)?$")]
Handover = Annotated[
    tuple[int | None, time],
    Read(units.handover, "Mon 09:00", pattern=r"^([A-Za-z]+ )?\d\d:\d\d$"),
]
Tripping = Annotated[
    tuple[Fraction, timedelta], Read(units.tripping, "50% in 10s", pattern=r"^\d\S*%\s+in\s+\d")
]
Promised = Annotated[Written, Read(read_promise, "99.9%", "p95 < 200ms", "< 0.1%", pattern="%|<")]
Secret = Annotated[SecretRef, Read(_secret, "env:SHOP_DB_DSN", pattern="^(env|file):")]
Flag = StrictBool


def _count(value: int) -> int:
    if not 0 <= value <= 1_000_000_000:
        raise ValueError(f"{value} is out of range; write a whole number from 0 up")
    return value


Count = Annotated[StrictInt, AfterValidator(_count)]


def _rate(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"a number is expected here, not '{value}'")
    return Fraction(str(value))


Rate = Annotated[Fraction, Read(_rate, anyOf=[{"type": "number", "minimum": 0}])]
Lines = Annotated[list[Line], Many()]
References = Annotated[list[Reference], Many()]


def written_as(key: str) -> BeforeValidator:
    """Where the full form is a mapping, text alone stands for `{key: text}`."""

    def expand(value: object) -> object:
        return {key: value} if isinstance(value, str | int | float) else value

    return BeforeValidator(expand)
