"""The API's description (OpenAPI 3.1), drawn from the tables of routes, commands and parameters. Pure."""

from typing import Any

from dawbridge.commands import CODES, COMMANDS, Argument, Command
from dawbridge.knobs.faces import FACES
from dawbridge.knobs.parameters import TABLE
from dawbridge.surfaces.web.api.routes import ROUTES, Route, field_schema
from dawbridge.version import VERSION

Json = dict[str, Any]


def document() -> Json:
    """The whole description."""
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "dawbridge", "version": VERSION, "license": {"name": "MIT", "identifier": "MIT"}},
        "paths": paths,
        "components": {
            "schemas": {
                "Error": _error(), "Submission": _submission(), "Automation": _automation(), "Command": _command(),
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer",
                                          "description": "only if dawbridge listens beyond this computer"}},
        },
        "security": [{}, {"token": []}],
    }  # fmt: skip


def _operation(route: Route) -> Json:
    operation: Json = {
        "operationId": route.handler,
        "summary": route.help,
        "parameters": [
            {
                "name": field.name,
                "in": "path" if "{" + field.name + "}" in route.path else "query",
                "required": "{" + field.name + "}" in route.path,
                "description": field.help,
                "schema": field_schema(field),
            }
            for field in route.fields
        ],
        "responses": {
            str(route.status): {"description": "done", "content": {route.answers: {}}},
            "4XX": {"description": "refused", "content": {"application/json": {"schema": _ref("Error")}}},
        },
    }
    if route.body:
        content = {route.body: {}} if "/" in route.body else {"application/json": {"schema": _ref(route.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _command() -> Json:
    """One alternative for each command that can be sent over HTTP, and each face of each knob."""
    commands = [_call(row) for row in COMMANDS if not (isinstance(row.call, str) and row.call.startswith("client."))]
    knobs = [
        _message(
            row.address + face.suffix, f"{row.help}: {face.help}", [{"type": "number"}] if face.writable else [], 0
        )
        for row in TABLE
        for face in FACES
    ]
    return {"oneOf": commands + knobs}


def _call(row: Command) -> Json:
    if row.is_state:
        return _message(row.address, row.help, [], 0)
    arguments = [_argument(argument) for argument in row.arguments] if not row.path_argument else []
    least = 0 if row.reads or row.path_argument else sum(argument.default is None for argument in row.arguments)
    return _message(row.address, row.effect, arguments, least)


def _message(address: str, help: str, arguments: list[Json], least: int) -> Json:
    given: Json = {"type": "array", "prefixItems": arguments, "minItems": least, "maxItems": max(len(arguments), 1)}
    if not arguments:
        del given["prefixItems"]
    properties = {"address": {"const": address}, "arguments": given}
    return {"type": "object", "description": help, "properties": properties, "required": ["address"]}


def _argument(argument: Argument) -> Json:
    schema: Json = {"title": argument.name, "type": {"i": "integer", "f": "number", "s": "string"}[argument.type]}
    if argument.unit:
        schema["description"] = argument.unit
    for name, end in (("minimum", argument.low), ("maximum", argument.high)):
        if end is not None and not argument.clamped:
            schema[name] = end
    if argument.default is not None:
        schema["default"] = argument.default
    return schema


def _submission() -> Json:
    properties = {"path": {"type": "string"}, "preset": {"type": "string"}}
    return {"type": "object", "properties": properties, "required": ["path"], "additionalProperties": False}


def _automation() -> Json:
    numbers = [{"title": "seconds", "type": "number", "minimum": 0}, {"title": "value", "type": "number"}]
    point = {"type": "array", "prefixItems": numbers, "minItems": 2, "maxItems": 2}
    lanes = {"type": "object", "additionalProperties": {"type": "array", "items": point}}
    before = {**lanes, "description": "the lanes as you read them: refused as `busy` if they were changed meanwhile"}
    return {"type": "object", "properties": {"lanes": lanes, "before": before}, "required": ["lanes"]}


def _error() -> Json:
    code = {"type": "string", "examples": sorted(CODES)}
    error = {"type": "object", "properties": {"code": code, "message": {"type": "string"}}}
    return {"type": "object", "properties": {"error": error}, "required": ["error"]}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
