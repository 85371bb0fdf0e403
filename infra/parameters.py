"""Makes a parameter file for the Azure CLI from main.parameters.json and variables, by the rule that azd follows.

    python3 infra/parameters.py [NAME=VALUE …] > parameters.json

A variable is looked up in the arguments, then in the environment, then in VARIABLES (a JSON object, such as a
workflow's own variables). A parameter whose variable has no value is left out: the template's default holds. A value
that is not of its parameter's type ends it with a line that names the variable.
"""

# ruff: noqa: INP001 - scripts beside templates, no package

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
# Go's strconv.ParseBool, which azd takes them by
TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


class ValueRefused(Exception):
    """A variable whose value is not of its parameter's type; the message names the variable."""


def kinds(template: str) -> dict[str, str]:
    """The type of each parameter of a Bicep file."""
    return dict(re.findall(r"^param (\w+) (\w+)", template, re.MULTILINE))


def to_bool(text: str) -> bool:
    if text not in TRUE | FALSE:
        raise ValueError("expected true or false (1 or 0)")
    return text in TRUE


def to_int(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ValueError("expected a whole number")
    return int(text)


def to_json(kind: type, example: str) -> Callable[[str], Any]:
    def converted(text: str) -> Any:
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, kind):
            raise ValueError(f"expected JSON such as {example}")  # noqa: TRY004 - every refusal is one kind
        return found

    return converted


CONVERTED: dict[str, Callable[[str], Any]] = {
    "string": str,
    "bool": to_bool,
    "int": to_int,
    "array": to_json(list, '["a@example.com"]'),
    "object": to_json(dict, '{"NAME": "value"}'),
}


def resolved(given: Mapping[str, Any], values: Mapping[str, str], kind_of: Mapping[str, str]) -> dict[str, Any]:
    """The parameters that have a value. Raises ValueRefused naming every variable that is wrong."""
    found: dict[str, Any] = {}
    refused: list[str] = []
    for name, item in given.items():
        variable = item["value"].removeprefix("${").removesuffix("}")
        text = values.get(variable, "")
        try:
            found |= {name: {"value": CONVERTED[kind_of[name]](text)}} if text else {}
        except ValueError as fault:
            shown = f"{text!r}" if kind_of[name] in {"bool", "int"} else "a value"  # settings may hold a key by mistake
            refused.append(f"{variable} has {shown}: {fault}")
    if refused:
        raise ValueRefused("\n".join(refused))
    return found


def main(arguments: list[str], environ: Mapping[str, str]) -> str:
    document = json.loads((FOLDER / "main.parameters.json").read_text("utf-8"))
    named = dict(argument.split("=", 1) for argument in arguments)
    values = {**json.loads(environ.get("VARIABLES", "{}")), **environ, **named}
    kind_of = kinds((FOLDER / "main.bicep").read_text("utf-8"))
    document["parameters"] = resolved(document["parameters"], values, kind_of)
    return json.dumps(document, indent=2)


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:], os.environ))  # noqa: T201 - this is what it is for
    except ValueRefused as fault:
        sys.exit(str(fault))
