"""What is wrong with the shape, in the reader's words and never in pydantic's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from standfast.spec.problem import Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

    from standfast.spec.tree import Node

_SENTENCES = {
    "model_type": "a mapping is expected here: `key: value`",
    "dict_type": "a mapping is expected here: `key: value`",
    "list_type": "a list is expected here: `[one, two]`",
    "string_type": "text is expected here; put it in quotes",
    "int_type": "a whole number is expected here",
    "bool_type": "write true or false",
    "greater_than_equal": "too small",
    "less_than_equal": "too big",
    "string_too_long": "too long",
    "string_pattern_mismatch": "this does not read as it should",
    "literal_error": "write a whole number, or none",
}
_PATTERNS = {
    "email": "not an address of mail: write name@host",
    "phone": 'not a telephone number: write for example "+49 30 1000001"',
    "hours": "not hours: write 24x7 or Mon-Fri 09:00-17:00",
    "rule": "not a rule: write for example DEP-07",
    "bad": "not a status: write 5xx, 429 or timeout",
}


def complaints(error: ValidationError, shape: type[BaseModel], root: Node) -> Iterator[Problem]:
    for one in error.errors(include_url=False, include_input=False):
        yield _complaint(one, shape, root)


def _complaint(one: ErrorDetails, shape: type[BaseModel], root: Node) -> Problem:
    steps = [str(step) for step in one["loc"] if step != "[key]"]
    node, steps, key = _walk(root, steps)
    path = ".".join(steps)
    sentence = _sentence(one, shape, steps)
    if key is not None and (one["type"] == "extra_forbidden" or one["loc"][-1] == "[key]"):
        node = key
    return Problem(node.file, node.line, node.column, sentence, path or "file")


def _walk(root: Node, steps: list[str]) -> tuple[Node, list[str], Node | None]:
    """The node nearest to a path of pydantic's, which names the full form where a shorthand stands."""
    node, key, kept = root, None, list[str]()
    for step in steps:
        if node.entries is not None and step in node.entries:
            key, node = node.entries[step]
        elif node.items is not None and step.isdigit() and int(step) < len(node.items):
            key, node = None, node.items[int(step)]
        elif node.kind == "scalar":
            break  # a shorthand: the full form's keys are not in the file
        elif step not in ("*", "bands"):
            kept.append(step)  # a key that is missing
            break
        else:
            continue
        kept.append(step)
    return node, kept, key


def _sentence(one: ErrorDetails, shape: type[BaseModel], steps: list[str]) -> str:
    kind, name = one["type"], str(one["loc"][-1])
    if kind == "extra_forbidden":
        known = [field.alias or key for key, field in _shape_at(shape, one["loc"][:-1])]
        hint = nearest(name, known) or f"; known are {', '.join(known)}"
        return f"unknown key '{name[:80]}'{hint}"
    if kind == "missing":
        parent = steps[-2] if len(steps) > 1 else "the file"
        return f"'{name}' is missing in {parent}"
    if kind == "value_error":
        return str(one.get("ctx", {}).get("error", one["msg"]))
    if kind == "string_pattern_mismatch":
        field = next((step for step in reversed(one["loc"]) if isinstance(step, str)), "")
        return _PATTERNS.get(field, _SENTENCES[kind])
    if kind in ("too_short", "too_long"):
        return _how_many(one)
    return _SENTENCES.get(kind, "this value is not understood here")


def _how_many(one: ErrorDetails) -> str:
    context = one.get("ctx", {})
    if one["type"] == "too_long":
        return f"at most {context['max_length']} are allowed here"
    least = context["min_length"]
    return "at least one is needed here" if least == 1 else f"at least {least} are needed here"


def _shape_at(shape: type[BaseModel], loc: tuple[str | int, ...]) -> list[tuple[str, Any]]:
    """The fields of the shape to which a path leads."""
    current: Any = shape
    for step in loc:
        current = _inside(current, step)
    model = _model(current)
    return list(model.model_fields.items()) if model else []


def _inside(annotation: Any, step: str | int) -> Any:
    model = _model(annotation)
    if model is not None:
        for key, field in model.model_fields.items():
            if step in (key, field.alias):
                return field.annotation
        return None
    for one in _alternatives(annotation):
        if get_origin(one) in (dict, list):
            return get_args(one)[-1]
    return None


def _model(annotation: Any) -> type[BaseModel] | None:
    for one in _alternatives(annotation):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The types behind Annotated and unions."""
    if get_origin(annotation) in (dict, list) or not get_args(annotation):
        yield annotation
        return
    inner = get_args(annotation)
    for one in inner[:1] if hasattr(annotation, "__metadata__") else inner:
        yield from _alternatives(one)
