"""The schema for editors: written from the grammar, and it takes what the loader takes."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.unit.test_policy_golden import ROOT, same, text_of
from troth.app import policies
from troth.policy.kinds import Kind
from troth.policy.schema import _value, schema

TREE = json.loads(schema())
BAD = ["unknown_keys", "unknown_words", "missing", "forbid_with_condition"]


def test_the_committed_schema_is_the_generated_one():
    same(ROOT / "docs" / "reference" / "policy.schema.json", schema())


def fits(value, told) -> bool:  # noqa: PLR0911
    """Just enough of JSON Schema for the words that ours uses."""
    if "$ref" in told:
        return fits(value, TREE["$defs"][told["$ref"].rsplit("/", 1)[1]])
    if "anyOf" in told:
        return any(fits(value, each) for each in told["anyOf"])
    if "enum" in told:
        return value in told["enum"]
    match told["type"]:
        case "object":
            if not isinstance(value, dict) or not set(told.get("required", ())) <= set(value):
                return False
            names, known, others = (
                told.get("propertyNames"),
                told.get("properties", {}),
                told["additionalProperties"],
            )
            return all(
                (names is None or fits(key, names)) and fits_entry(known.get(key, others), each)
                for key, each in value.items()
            )
        case "array":
            return (
                isinstance(value, list) and value != [] and all(fits(each, told["items"]) for each in value)
            )
        case "integer":
            return type(value) is int and told["minimum"] <= value <= told["maximum"]
        case _:
            text = value.isoformat() if isinstance(value, date) else value
            if not isinstance(text, str) or not told.get("minLength", 0) <= len(text) <= told.get(
                "maxLength", 9999
            ):
                return False
            return re.search(told.get("pattern", ""), text) is not None


def fits_entry(told, value) -> bool:
    return told is not False and fits(value, told)


@pytest.mark.parametrize("name", [*policies.names(), "good"])
def test_a_policy_that_loads_fits(name):
    assert fits(YAML(typ="safe").load(text_of(name)[0]), TREE)


@pytest.mark.parametrize("name", BAD)
def test_a_policy_of_another_shape_does_not(name):
    text = Path(ROOT / "tests" / "golden" / "policy" / f"{name}.bad.yaml").read_text(encoding="utf-8")
    assert not fits(YAML(typ="safe").load(text), TREE)


def test_a_kind_without_a_schema_is_an_error_and_not_left_out():
    class Odd(Kind[str]):
        def shape(self) -> str:
            return "odd"

        def read(self, node, place):
            return None

    with pytest.raises(TypeError):
        _value(Odd())
