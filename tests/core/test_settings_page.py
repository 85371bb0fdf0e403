"""docs/settings.md names every variable that is read, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from shared.core.errors import SettingsInvalid
from shared.core.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
VARIABLE = re.compile(r"`((?:[A-Z][A-Z0-9]+_[A-Z0-9_]+)|AzureWebJobsStorage\w*)`")


class Asked(Mapping[str, str]):
    """An environment that remembers what was looked for."""

    def __init__(self, **given: str) -> None:
        self.given = given
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


def asked(**given: str) -> set[str]:
    environ = Asked(**given)
    try:
        Settings.from_environ(environ)
    except SettingsInvalid:
        return environ.asked
    return environ.asked


def test_every_setting_is_documented():
    """Both endpoints' variables, and everything else."""
    read = asked(AZURE_OPENAI_ENDPOINT="https://a.b") | asked(OPENAI_API_KEY="k")

    assert set(VARIABLE.findall(PAGE.read_text())) == read
