"""What is published stays as it was: forms and old schemas judge a corpus of documents alike.

`contract.json` holds the JSON Schemas that were kept by hand, without their descriptions. What
is added to a form on purpose is added there too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from ant_core.engine.protocol import check_request
from ant_core.errors import ProtocolError
from ant_core.schemas import SchemaName, first_error, load_schema

CONTRACT = Path(__file__).with_name("contract.json")
NAMES = get_args(SchemaName)
DRAFT = jsonschema.Draft202012Validator
# JSON Schema takes 3.0 for an integer, the protocol does not.
STRICT = jsonschema.validators.extend(
    DRAFT,
    type_checker=DRAFT.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int),
)
# Parts of events that are documents of their own or parts of such: they are changed there.
PARTS = [("frame_result",), ("summary",), ("cels",), ("result",)]
TEXTS = ["a", "12", "1.0", "a" * 64, "https://a.b/c", "1a"]
WRONG = [None, True, 0, -1, 3.0, 2.5, 10**10, "", "x", "x" * 5000, [], [None], {}, {"x": "y"}]
ODD_TEXTS = ["color", "color\n", "colors", "a\0b", "unpainted", "\ud800"]  # for requests


def resolved(rule, root):
    """Return a rule with what it refers to and what it is all of."""
    parts = list(rule.get("allOf", ()))
    if "$ref" in rule:
        found = root
        for key in rule["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        parts.append(found)
    whole = {key: value for key, value in rule.items() if key not in ("$ref", "allOf")}
    for part in (resolved(one, root) for one in parts if "if" not in one):
        whole["properties"] = {**part.get("properties", {}), **whole.get("properties", {})}
        whole["required"] = [*part.get("required", ()), *whole.get("required", ())]
        whole = {**part, **whole}
    return whole


def examples(rule, root):
    """Return values that fit a schema, among them each alternative, bound and optional field."""
    rule = resolved(rule, root)
    kinds = rule.get("type")
    if kinds != "object" and (parts := rule.get("oneOf") or rule.get("anyOf")):
        return [value for part in parts for value in examples(part, root)]
    if "const" in rule or "enum" in rule:
        return rule.get("enum") or [rule["const"]]
    if isinstance(kinds, list):
        return [value for kind in kinds for value in examples(rule | {"type": kind}, root)]
    return {
        "null": lambda: [None],
        "boolean": lambda: [True, False],
        "integer": lambda: [rule.get("minimum", -3), rule.get("maximum", 10**9)],
        "number": lambda: [rule.get("minimum", -0.5), rule.get("maximum", 1e9), 0.5, 1],
        "string": lambda: texts(rule),
        "array": lambda: arrays(rule, root),
        "object": lambda: objects(rule, root),
    }[kinds]()


def texts(rule):
    long = "a" * rule.get("maxLength", 1)
    return [text for text in [*TEXTS, long, ""] if DRAFT(rule).is_valid(text)]


def arrays(rule, root):
    fewest, most = rule.get("minItems", 0), rule.get("maxItems", 2)
    if "prefixItems" in rule:
        inner = [examples(part, root) for part in rule["prefixItems"]]
        return [[values[0] for values in inner], [values[1] for values in inner]]
    inner = examples(rule["items"], root)
    found = [[value] * max(fewest, 1) for value in inner]
    return [*found, [inner[0]] * fewest, [inner[0]] * (most if most <= 1000 else 2)]


def objects(rule, root):
    fields = {
        name: examples(part, root)
        for name, part in rule.get("properties", {}).items()
        if isinstance(part, dict)
    }
    more = rule.get("additionalProperties")
    others = examples(more, root) if isinstance(more, dict) else []
    fields = dict.fromkeys(rule.get("required", ()), others) | fields
    name = texts({"type": "string"} | rule.get("propertyNames", {}))[0]
    choices = rule.get("oneOf") or [{}]
    either = {one for choice in choices for one in choice.get("required", ())}
    barred = rule.get("not", {}).get("required", [])[1:]  # may stand alone
    found = []
    for choice in choices:
        needed = {*rule.get("required", ()), *choice.get("required", ())}
        least = {field: fields[field][0] for field in sorted(needed)}
        free = fields.keys() - needed - either - {*barred, *choice.get("properties", ())}
        most = least | {field: fields[field][0] for field in sorted(free)}
        found += [most, least]
        found += [most | {field: value} for field in most for value in fields[field][1:]]
        found += [most | {name: value} for value in others]
        found += [least | {field: value} for field in barred for value in fields[field]]
    return found


def places(value, shut, path=()):
    """Yield the path of every value within a value, but for what lies in the fields `shut`."""
    yield path
    if isinstance(value, dict | list) and path[-1:] not in shut:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in list(items)[:50]:
            yield from places(inner, shut, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def changed(value, path, new):
    """Return a copy with another value at a path."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def mutations(documents, shut):
    """Yield each document with one thing wrong, or another one right, at every place once."""
    found = [
        (document, path, tuple("*" if isinstance(key, int) else key for key in path))
        for document in documents
        for path in places(document, shut)
    ]
    known = {}
    for document, path, place in found:
        if isinstance(value := at(document, path), dict):
            known.setdefault(place, {}).update(value)
    seen = set()
    for document, path, place in found:
        value = at(document, path)
        # Small objects may have rules about their fields: each choice of fields is changed.
        choice = frozenset(value) if isinstance(value, dict) and len(known[place]) < 9 else ()
        if (place, type(value), choice) not in seen:
            seen.add((place, type(value), choice))
            for new in instead(value, known.get(place, {}), odd="id" in document):
                yield changed(document, path, new)


def instead(value, known, odd):
    """Yield what to put in place of a value."""
    if isinstance(value, dict):
        yield from WRONG[:2]
        yield value | {"extra": 1}
        for name in value:
            yield {key: inner for key, inner in value.items() if key != name}
        for name in sorted(known.keys() - value.keys()):
            yield value | {name: known[name]}
        return
    yield from WRONG
    if isinstance(value, list):
        yield from (value[:-1], value + value[:1])
    elif isinstance(value, str) and odd:
        yield from ODD_TEXTS
    elif type(value) in (int, float):
        yield from (value - 1, value + 1, float(value))


def corpus(old, new, shut=()):
    """Yield documents that fit the schemas, and such as do not or nearly do not; each once."""
    found = examples(new, new)
    for kind in old.get("oneOf", [old]):
        right = examples(kind, old)
        assert all(map(STRICT(old).is_valid, right))
        found += [*right, *mutations(right, shut)]
    yield from {json.dumps(document, sort_keys=True): document for document in found}.values()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "request"])
def test_documents_are_judged_as_before(name):
    old, new = json.loads(CONTRACT.read_text())[name], load_schema(name)
    DRAFT.check_schema(new)
    judges = DRAFT(old).is_valid, DRAFT(new).is_valid, lambda one: first_error(one, name) is None
    shut = PARTS if name.endswith("event") else ()
    verdicts = set()
    for document in corpus(old, new, shut):
        said = tuple(judge(document) for judge in judges)
        assert len(set(said)) == 1, (said, first_error(document, name), document)
        verdicts.add(said[0])
    assert verdicts == {True, False}


def is_taken(request):
    try:
        check_request(request)
    except ProtocolError:
        return False
    return True


KINDS = sorted(json.loads(CONTRACT.read_text())["request"]["$defs"]["requests"])


@pytest.mark.parametrize("kind", KINDS)
def test_requests_are_judged_as_before(kind):
    schemas = json.loads(CONTRACT.read_text())["request"], load_schema("request")
    assert sorted(schemas[1]["$defs"]["requests"]) == KINDS
    old, new = ({**one, "$ref": f"#/$defs/requests/{kind}"} for one in schemas)
    judges = STRICT(old).is_valid, STRICT(new).is_valid, is_taken
    verdicts = set()
    for request in corpus(old, new):
        if isinstance(request, dict) and request.get("type") == kind:
            said = tuple(judge(request) for judge in judges)
            assert len(set(said)) == 1, (said, request)
            verdicts.add(said[0])
    assert verdicts == {True, False}
