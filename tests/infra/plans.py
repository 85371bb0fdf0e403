"""The plans that the templates are checked with: as little as can be given, all switched on, and each word once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.infra import bicep
from tests.infra.bicep_functions import SUBSCRIPTION
from tests.infra.bicep_values import Parameter
from tests.infra.evaluation import Made, Plan, evaluate

ROOTS = ("main.bicep", "events.bicep")
PERSON = "00000000-0000-4000-8000-000000000003"
SAMPLES: Mapping[str, Any] = {
    "alertEmails": ["oncall@example.com"],
    "appSettings": {"DAILY_BUDGET_USD": "5"},
    "authClientId": "00000000-0000-4000-8000-000000000004",
    "budgetStartDate": "2026-11-01",
    "extraTags": {"cost-centre": "1"},
    "logWorkspaceId": f"{SUBSCRIPTION}/resourceGroups/hub/providers/Microsoft.OperationalInsights/workspaces/all",
    "principalId": PERSON,
    "privateDnsZonesGroupId": f"{SUBSCRIPTION}/resourceGroups/hub",
}
LEAST, MOST, OWN = 0, 1, 2  # no switch on; all on, and what the company has is used; all on, and all made here


def given(parameters: Mapping[str, Parameter], number: int) -> dict[str, Any]:
    """Values for every parameter; those of plan 0 are the defaults, where there are any."""
    return {
        name: chosen(name, parameter, number)
        for name, parameter in parameters.items()
        if parameter.required or number != LEAST
    }


def chosen(name: str, parameter: Parameter, number: int) -> Any:
    allowed = parameter.decorators.get("allowed")
    if allowed:
        return allowed[number % len(allowed)]
    if parameter.type == "bool":
        return number != LEAST
    if parameter.type == "int":
        return parameter.decorators.get("maxValue", 3) if number == MOST else parameter.decorators.get("minValue", 0)
    if name in SAMPLES and number == MOST:
        return SAMPLES[name]
    samples: dict[str, Any] = {"string": f"{name.lower()}{number}", "array": [], "object": {}}
    return samples[parameter.type] if parameter.required or parameter.type != "string" else ""


def plan(root: Path, number: int = LEAST, name: str = "main.bicep") -> Plan:
    path = root / "infra" / name
    files = [*path.parent.rglob("*.bicep"), *path.parent.glob("*.json")]
    return remembered(path, number, tuple((file, file.read_bytes()) for file in sorted(files)))


@lru_cache(maxsize=64)
def remembered(path: Path, number: int, _as_of: tuple[tuple[Path, bytes], ...]) -> Plan:
    parameters = bicep.read(path).parameters
    return evaluate(path, given(parameters, number))


def plans(root: Path) -> list[Plan]:
    """Enough that each switch is on once and off once, and each allowed word is there."""
    found = []
    for name in ROOTS:
        parameters = bicep.read(root / "infra" / name).parameters.values()
        words = max([OWN + 1, *(len(parameter.decorators.get("allowed") or ()) for parameter in parameters)])
        found += [plan(root, number, name) for number in range(words)]
    return found


def made(found: Plan, kind: str, symbol: str = "") -> list[Made]:
    return [one for one in found.made if one.resource.type == kind and symbol in {"", one.resource.symbol}]
