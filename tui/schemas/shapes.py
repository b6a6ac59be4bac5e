"""What schemas are made of (JSON Schema, draft 2020-12)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from probes.readings.codec import Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"

STRING: Json = {"type": "string"}
BOOL: Json = {"type": "boolean"}
NUMBER: Json = {"type": "number"}
INT: Json = {"type": "integer"}


def record(fields: Mapping[str, Json], doc: str = "") -> Json:
    """Every field required, none besides."""
    found = {
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }
    return {"description": doc, **found} if doc else found


def or_null(schema: Json, doc: str = "") -> Json:
    """This, or null."""
    kind = schema.get("type")
    found = (
        {**schema, "type": [kind, "null"]}
        if isinstance(kind, str) and "enum" not in schema
        else {"anyOf": [schema, {"type": "null"}]}
    )
    return {"description": doc, **found} if doc else found


def many(items: Json, doc: str = "") -> Json:
    """A list of these."""
    found = {"type": "array", "items": items}
    return {"description": doc, **found} if doc else found


def table(values: Json, keys: str = "") -> Json:
    """Any names, each with such a value; `keys` is a pattern for the names."""
    found = {"type": "object", "additionalProperties": values}
    return {**found, "propertyNames": {"pattern": keys}} if keys else found


def one_of(kind: type[Enum], doc: str = "") -> Json:
    """The value of a member."""
    found = {"enum": [str(member.value) for member in kind]}
    return {"description": doc, **found} if doc else found


def described(schema: Json, doc: str) -> Json:
    """The same with a description."""
    return {"description": doc, **schema}
