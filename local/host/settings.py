"""App settings: environment and local.settings.json as one case-insensitive mapping, and `%NAME%` in binding strings.

First in the flow: everything else in this package reads settings through here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TRUE = frozenset({"true", "1"})


class FunctionFault(Exception):
    """One function cannot start (wrong setting, route, connection …). The others still do."""


class HostSettings(Mapping[str, str]):
    """The settings by name, which is case-insensitive, as in the host's configuration."""

    def __init__(self, *layers: Mapping[str, str]) -> None:
        """Later layers win."""
        self.names = {name.lower(): name for layer in layers for name in layer}
        self.values_by_name = {name.lower(): value for layer in layers for name, value in layer.items()}

    def __getitem__(self, name: str) -> str:
        return self.values_by_name[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names.values())

    def __len__(self) -> int:
        return len(self.names)

    def is_true(self, name: str) -> bool:
        return self.get(name, "").lower() in TRUE


def local_settings(folder: Path) -> dict[str, str]:
    """The `Values` of local.settings.json; empty without that file. The process environment wins over it."""
    file = folder / "local.settings.json"
    if not file.exists():
        return {}
    values = json.loads(file.read_text("utf-8")).get("Values", {})
    return {name: str(value) for name, value in values.items()}


def is_disabled(function: str, settings: HostSettings) -> bool:
    return settings.is_true(f"AzureWebJobs.{function}.Disabled") or settings.is_true(
        f"AzureWebJobs_{function}_Disabled"
    )


def resolve(text: str, settings: HostSettings) -> str:
    """The text with the app setting in place of each `%NAME%`. Raises FunctionFault for a missing one or a lone `%`."""

    def value(match: re.Match[str]) -> str:
        try:
            return settings[match[1]]
        except KeyError:
            raise FunctionFault(f"{match[0]} in {text!r} is not an app setting: set {match[1]}") from None

    if text.count("%") % 2:
        raise FunctionFault(f"{text!r} has a lone %: write %NAME% for the app setting NAME")
    return re.sub("%([^%]*)%", value, text)


def resolve_binding(binding: Mapping[str, Any], settings: HostSettings) -> dict[str, Any]:
    """The binding with every string resolved but `name`, `type` and `connection`, which holds the name of a setting
    already.
    """
    fixed = {"name", "type", "connection"}
    return {
        key: resolve(value, settings) if isinstance(value, str) and key not in fixed else value
        for key, value in binding.items()
    }
