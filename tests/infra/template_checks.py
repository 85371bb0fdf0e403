"""Checks of the Bicep templates: each takes the folder that holds infra/ and returns what it found, one line a fault.

They stand in for the parts of the compiler that matter most, and hold the promises that no compiler knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.infra import azure_types, bicep
from tests.infra.bicep_functions import FUNCTIONS
from tests.infra.bicep_names import loop_names, walk
from tests.infra.bicep_values import Expression, ModuleCall, Template
from tests.infra.parameter_checks import model_quota, parameter_defaults, parameters_file
from tests.infra.plans import plans
from tests.infra.query_checks import workbook
from tests.infra.reading import KINDS, Check, templates

AT_DEPLOYMENT = {"listKeys"}  # only Azure can

IN_THE_FILE = {"loadTextContent"}  # read while compiling

GENERAL = {"targetId"}

ALSO_CALLED = {"logs": "workspace"}


def syntax(root: Path) -> list[str]:
    return [f"{template.path.name} {fault}" for template in templates(root) for fault in template.faults]


def published_types(root: Path) -> list[str]:
    """Every resource of every plan is as its published type wants it."""
    unpublished = [fault for template in templates(root) for fault in azure_types.unpublished(template)]
    return unpublished or sorted({fault for each in plans(root) for fault in azure_types.check(each)})


def known_before(root: Path) -> list[str]:
    """No module is given what only a deployment knows: a plan (what-if) would not look into it."""
    return sorted({f"{name} is known only once it is deployed" for each in plans(root) for name in each.opaque})


def published_reads(root: Path) -> list[str]:
    return [fault for template in templates(root) for fault in azure_types.unreadable(template)]


def names(root: Path) -> list[str]:
    """Everything that is used is declared, and everything that is declared is used."""
    found = []
    known = FUNCTIONS.keys() | AT_DEPLOYMENT | IN_THE_FILE
    for template in templates(root):
        given = {*template.parameters, *template.variables}
        unknown = template.used - given - template.symbols - template.loop_names
        found += [f"{template.path.name}: {name} is not declared" for name in sorted(unknown)]
        found += [f"{template.path.name}: {name} is never used" for name in sorted(given - template.used)]
        found += [f"{template.path.name}: there is no function {name}" for name in template.called - known]
        twice = {name for name in template.declared if template.declared.count(name) > 1}
        found += [f"{template.path.name}: {name} is declared twice" for name in sorted(twice)]
    return found


def shape(root: Path) -> list[str]:
    """Children stand under a parent of their kind, what is repeated has names of its own, and what is read is there."""
    return [f"{template.path.name}: {fault}" for template in templates(root) for fault in misshapen(template)]


def misshapen(template: Template) -> Iterator[str]:
    text = template.path.read_text("utf-8")
    kinds = {resource.symbol: resource.type for resource in template.resources}
    for resource in template.resources:
        above, _, _ = resource.type.rpartition("/")
        parent = getattr(resource.body.get("parent"), "name", "nothing")
        if "/" in above and not resource.nested and kinds.get(parent) != above:
            yield f"{resource.symbol} stands under {parent}, not under a {above}"
    for variable, items in template.variables.items():
        if isinstance(items, list):
            yield from misread(text, variable, items)
    for path in re.findall(r"loadTextContent\('([^']+)'\)", text):
        if not (template.path.parent / path).is_file():
            yield f"there is no {path}"
    names = [str(call.body["name"]) for call in template.modules]
    yield from (f"two modules are deployed as {name}" for name in sorted({n for n in names if names.count(n) > 1}))
    yield from same_names(text)


def misread(text: str, variable: str, items: list[Any]) -> Iterator[str]:
    """`x.key` in a loop over objects, and `list[3]` of what is made of a list."""
    for name in re.findall(rf"for \(?(\w+)[\w, ]*\)? in {variable}\b", text):
        for key in set(re.findall(rf"(?<![\w.]){name}\.(\w+)", text)):
            if not all(isinstance(item, dict) and key in item for item in items):
                yield f"{name}.{key} is not in every item of {variable}"
    for looped in re.findall(rf"resource (\w+) '[^']+' = \[\s*for \(?\w+[\w, ]*\)? in {variable}\b", text):
        for number in re.findall(rf"\b{looped}\[(\d+)\]", text):
            if int(number) >= len(items):
                yield f"{looped}[{number}] is beyond the end of {variable}"
    for number in re.findall(rf"\b{variable}\[(\d+)\]", text):
        if int(number) >= len(items):
            yield f"{variable}[{number}] is beyond the end"


def same_names(text: str) -> Iterator[str]:
    """What is made in a loop is named after the item, or after its parent, which is the item's."""
    for node in walk(bicep.PARSER.parse(text.encode()).root_node):
        if node.type == "for_statement":
            mine = {*loop_names(node)}
            body = bicep.value(bicep.body_of(node))
            named = [item for item in (body, body.get("params", {})) if isinstance(item, dict) and "name" in item]
            for item in named:
                made_of = [getattr(item.get(key), "text", "") for key in ("name", "parent")]
                if not mine & set(re.findall(r"\w+", " ".join(made_of))):
                    yield f"all are named {item['name']!r} in the loop over {', '.join(sorted(mine))}"


def conditions(root: Path) -> list[str]:
    """What a module that may be absent returns is asked for only where it is there."""
    found = []
    for template in templates(root):
        text = template.path.read_text("utf-8")
        for call in template.modules:
            outside = re.sub(rf"\b{re.escape(call.condition)} \? {call.symbol}!\.outputs", "", text)
            if call.condition and re.search(rf"\b{call.symbol}!?\.outputs", outside):
                found.append(f"{template.path.name}: {call.symbol} is read where it may be absent")
    return found


def modules(root: Path) -> list[str]:
    """Arguments and outputs agree with the modules they are for."""
    found = []
    for template in templates(root):
        for call in template.modules:
            path = template.path.parent / call.path
            if path.is_file():
                found += [
                    f"{template.path.name} {call.symbol}: {fault}" for fault in disagreements(call, template, path)
                ]
            else:
                found.append(f"{template.path.name} {call.symbol}: there is no {call.path}")
    found += [
        f"{template.path.name}: output {name} is text, not {output.type}"
        for template in templates(root)
        for name, output in template.outputs.items()
        if output.type != "string" and getattr(output.value, "text", "").endswith((".id", ".name", "Id", "'"))
    ]
    used = {(t.path.parent / call.path).resolve() for t in templates(root) for call in t.modules}
    orphans = [path for path in (root / "infra" / "modules").glob("*.bicep") if path.resolve() not in used]
    return found + [f"{path.name} is used by no template" for path in orphans]


def disagreements(call: ModuleCall, caller: Template, path: Path) -> Iterator[str]:
    called = bicep.read(path)
    for name, given in call.arguments.items():
        parameter = called.parameters.get(name)
        if parameter is None:
            yield f"{name} is no parameter of {path.name}"
        elif not agrees(given, parameter.type, caller):
            yield f"{name} is not of type {parameter.type}"
        elif "secure" in decorators_of(given, caller) and "secure" not in parameter.decorators:
            yield f"{name} is secure here, but not in {path.name}"
        elif not akin(name, given, caller, call.symbol):
            yield f"{name} is given {given.text}, which is something else"
    for name, parameter in called.parameters.items():
        if parameter.required and name not in call.arguments:
            yield f"{name} of {path.name} is not given"
    for output in re.findall(rf"\b{call.symbol}!?\.outputs\.(\w+)", caller.path.read_text("utf-8")):
        if output not in called.outputs:
            yield f"{path.name} has no output {output}"


def akin(name: str, given: Any, caller: Template, module: str) -> bool:
    """What is passed on keeps its name, or a part of it: two texts that change places have the right type.

    In the module that makes a thing, the thing's name has the module's name.
    """
    if not isinstance(given, Expression) or name in GENERAL:
        return True
    passed = re.findall(r"\.outputs\.(\w+)", given.text)
    if given.kind == "name" and given.name in caller.parameters:
        passed = [given.name]
    in_names = [ALSO_CALLED.get(key, key) for key in re.findall(r"\bnames\.(\w+)", given.text)]
    return all(same(name, other) for other in passed) and all(
        same(name, key) or module == key or name == "subnetId" for key in in_names
    )


def same(one: str, other: str) -> bool:
    return one.lower() in other.lower() or other.lower() in one.lower()


def decorators_of(given: Any, caller: Template) -> dict[str, Any]:
    parameter = caller.parameters.get(given.name) if isinstance(given, Expression) else None
    return parameter.decorators if parameter else {}


def agrees(given: Any, wanted: str, caller: Template) -> bool:
    if isinstance(given, Expression):
        if given.kind == "name" and given.name in caller.parameters:
            return caller.parameters[given.name].type == wanted
        if given.kind == "name" and given.name in caller.variables:
            return agrees(caller.variables[given.name], wanted, caller)
        return wanted == "string" if given.kind == "text" else True
    return isinstance(given, KINDS[wanted]) and not (wanted == "int" and isinstance(given, bool))


TEMPLATE_CHECKS: dict[str, Check] = {
    "syntax": syntax,
    "published types": published_types,
    "published reads": published_reads,
    "known before": known_before,
    "names": names,
    "shape": shape,
    "conditions": conditions,
    "modules": modules,
    "parameters file": parameters_file,
    "parameter defaults": parameter_defaults,
    "model quota": model_quota,
    "workbook": workbook,
}
