"""The functions of an app, read from the library's own metadata and checked as the Python worker checks them.

An AppFault is what un-indexes the whole app in Azure: the worker then reports no function at all.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure.functions as func

CONVERTERS: Any = func.get_binding_registry()  # type: ignore[no-untyped-call] # the library leaves it untyped
SDK_TYPES_MODULE = "azurefunctions.extensions.bindings.blob"
RAW_TYPES = (str, bytes)  # the worker hands these the raw value, whatever the binding
CARRIED = frozenset({"httpTrigger", "queueTrigger", "blobTrigger", "timerTrigger", "http"})


class AppFault(Exception):
    """The app cannot be indexed; Azure would show no function of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    name: str
    call: Callable[..., Any]
    trigger: Mapping[str, Any]
    bindings: tuple[Mapping[str, Any], ...]
    annotation: type | None  # of the trigger's parameter
    is_async: bool
    has_return: bool
    wants_context: bool

    @property
    def kind(self) -> str:
        return str(self.trigger["type"])

    @property
    def sdk_type(self) -> str | None:
        """BlobClient, ContainerClient or StorageStreamDownloader, when the parameter asks for one of them; otherwise
        None.
        """
        module = getattr(self.annotation, "__module__", "")
        return self.annotation.__name__ if self.annotation and module.startswith(SDK_TYPES_MODULE) else None

    @property
    def not_carried(self) -> tuple[str, ...]:
        """The types of bindings that this stand-in does not have."""
        return tuple(binding["type"] for binding in self.bindings if binding["type"] not in CARRIED)


def load_app(path: Path) -> func.FunctionApp:
    """The app's FunctionApp; its module is imported as the worker does: its folder first on the path. Raises
    AppFault.
    """
    folder = str(path.parent.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise AppFault(f"there is no Python file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # annotations are resolved by module name
    spec.loader.exec_module(module)
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionApp)]
    if len(apps) != 1:
        raise AppFault(f"{path.name} has {len(apps)} FunctionApp objects; the worker needs exactly one")
    return apps[0]


def index(app: func.FunctionApp) -> tuple[Function, ...]:
    """All functions in the order of their names, which is the order in which routes are tried."""
    app.functions_bindings = None  # else a second reading of the same app finds every name taken
    try:
        found = app.get_functions()
    except ValueError as fault:
        raise AppFault(str(fault)) from fault
    return tuple(sorted((describe(one) for one in found), key=lambda one: one.name.lower()))


def describe(found: Any) -> Function:
    name = found.get_function_name()
    call = found.get_user_function()
    bindings = tuple(json.loads(raw) for raw in found.get_raw_bindings())
    bound = {binding["name"]: binding for binding in bindings if binding["name"] != "$return"}
    parameters = set(inspect.signature(call).parameters)
    wants_context = "context" in parameters and "context" not in bound
    check_parameters(name, parameters - {"context"} if wants_context else parameters, set(bound))
    hints = resolved_hints(name, call)
    for parameter, binding in bound.items():
        check_annotation(name, binding, hints.get(parameter))
    trigger = next(binding for binding in bindings if binding["type"].endswith("Trigger"))
    return Function(
        name=name,
        call=call,
        trigger=trigger,
        bindings=bindings,
        annotation=hints.get(trigger["name"]),
        is_async=inspect.iscoroutinefunction(call),
        has_return=any(binding["name"] == "$return" for binding in bindings),
        wants_context=wants_context,
    )


def resolved_hints(name: str, call: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(call)
    except NameError as fault:
        raise AppFault(f"function {name}: {fault}; annotations must resolve at run time") from fault


def check_parameters(name: str, parameters: set[str], bound: set[str]) -> None:
    if extra := sorted(parameters - bound):
        raise AppFault(f"function {name}: parameters without a binding: {', '.join(extra)}")
    if missing := sorted(bound - parameters):
        raise AppFault(f"function {name}: bindings without a parameter: {', '.join(missing)}")


def check_annotation(name: str, binding: Mapping[str, Any], annotation: Any) -> None:
    """Check the annotations of input bindings; an app with others is refused later, function by function. Raises
    AppFault.
    """
    if annotation is None or binding["type"] not in CARRIED:
        return
    if not isinstance(annotation, type):
        raise AppFault(f"function {name}: parameter {binding['name']} has the non-type annotation {annotation!r}")
    if annotation in RAW_TYPES:
        return
    if binding["type"] == "blobTrigger" and annotation.__module__.startswith(SDK_TYPES_MODULE):
        return
    if not CONVERTERS.get(binding["type"]).check_input_type_annotation(annotation):
        raise AppFault(f"function {name}: a {binding['type']} cannot be given to {annotation.__qualname__}")
