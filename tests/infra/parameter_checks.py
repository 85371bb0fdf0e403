"""Parameters: each can be set from outside, has a default that is allowed, and the model is where its quota is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.infra.bicep_values import Expression
from tests.infra.reading import KINDS, main, templates


def parameters_file(root: Path) -> list[str]:
    """main.parameters.json names parameters of main.bicep, each from one variable, and no value of its own."""
    given = json.loads((root / "infra" / "main.parameters.json").read_text("utf-8"))["parameters"]
    declared = main(root).parameters
    variables = [item["value"] for item in given.values()]
    return [
        *(f"{name} is no parameter of main.bicep" for name in given.keys() - declared.keys()),
        *(f"{name} cannot be set from outside" for name in declared.keys() - given.keys()),
        *(f"{text!r} is not one variable" for text in variables if not re.fullmatch(r"\$\{[A-Z_]+\}", text)),
        *(f"{text} sets two parameters" for text in set(variables) if variables.count(text) > 1),
    ]


def parameter_defaults(root: Path) -> list[str]:
    """A default is of its type and among what is allowed."""
    found = []
    for template in templates(root):
        for name, parameter in template.parameters.items():
            allowed = parameter.decorators.get("allowed")
            if parameter.required or isinstance(parameter.default, Expression):
                continue
            if not isinstance(parameter.default, KINDS[parameter.type]):
                found.append(f"{template.path.name}: {name} has a default that is not {parameter.type}")
            if allowed and parameter.default not in allowed:
                found.append(f"{template.path.name}: {name} has a default that is not allowed")
            low, high = (parameter.decorators.get(name, parameter.default) for name in ("minValue", "maxValue"))
            if isinstance(parameter.default, int) and not low <= parameter.default <= high:
                found.append(f"{template.path.name}: {name} has a default outside {low}..{high}")
    return found


def model_quota(root: Path) -> list[str]:
    """The regions that azd offers are those with quota for the default model."""
    given = main(root).parameters
    wanted = f"OpenAI.{given['modelSku'].default}.{given['modelName'].default},{given['modelCapacity'].default}"
    said = given["modelLocation"].decorators["metadata"]["azd"]["usageName"]
    model = next(call for call in main(root).modules if call.symbol == "model")
    return [
        *([] if said == [wanted] else [f"usageName is {said}, the defaults make {wanted}"]),
        *([] if model.arguments["location"].text == "modelLocation" else ["the model is not in modelLocation"]),
    ]
