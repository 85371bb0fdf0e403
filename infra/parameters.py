"""Makes a parameter file for the Azure CLI from main.parameters.json and variables, by the rule that azd follows.

    python3 infra/parameters.py [NAME=VALUE …] > parameters.json

A variable is looked up in the arguments, then in the environment, then in VARIABLES (a JSON object, such as a
workflow's own variables). A parameter whose variable has no value is left out: the template's default holds.
"""

# ruff: noqa: INP001 - scripts beside templates, no package

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def kinds(template: str) -> dict[str, str]:
    """The type of each parameter of a Bicep file."""
    return dict(re.findall(r"^param (\w+) (\w+)", template, re.MULTILINE))


def converted(text: str, kind: str) -> Any:
    return text if kind == "string" else json.loads(text)


def resolved(given: Mapping[str, Any], values: Mapping[str, str], kind_of: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for name, item in given.items():
        text = values.get(item["value"].removeprefix("${").removesuffix("}"), "")
        if text:
            found[name] = {"value": converted(text, kind_of[name])}
    return found


def main(arguments: list[str], environ: Mapping[str, str]) -> str:
    document = json.loads((FOLDER / "main.parameters.json").read_text("utf-8"))
    named = dict(argument.split("=", 1) for argument in arguments)
    values = {**json.loads(environ.get("VARIABLES", "{}")), **environ, **named}
    kind_of = kinds((FOLDER / "main.bicep").read_text("utf-8"))
    document["parameters"] = resolved(document["parameters"], values, kind_of)
    return json.dumps(document, indent=2)


if __name__ == "__main__":
    print(main(sys.argv[1:], os.environ))  # noqa: T201 - this is what it is for
