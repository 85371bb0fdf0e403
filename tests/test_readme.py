"""README.md and docs/ list what there is: commands, routes, settings of the sample."""

from __future__ import annotations

import json
import re
from pathlib import Path

from local.__main__ import usage
from shared.http.operations import OPERATIONS

ROOT = Path(__file__).parents[1]
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
OF_THE_HOST = {"FUNCTIONS_WORKER_RUNTIME"}


def test_the_readme_lists_every_command():
    """The block under "Commands" is what `./visiondrop` prints."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"## Commands\n\n```\n(.*?)\n```", readme, re.DOTALL)

    assert block
    assert block[1] == usage()


def test_every_route_is_documented():
    """docs/http.md shows each method with its path somewhere."""
    page = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\b(GET|PUT|POST|DELETE) (?:/api/)?([a-z][a-z_./{}]*)", page))
    routes = {(operation.method.upper(), operation.path) for operation in OPERATIONS}
    missing = {(method, path) for method, path in routes - shown if (method, f"{path}/{{name}}") not in shown}

    assert missing == set()


def test_the_sample_settings_are_settings():
    """A setting that is renamed is renamed in local.settings.sample.json too."""
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    unknown = {name for name in sample if f"`{name}`" not in SETTINGS} - OF_THE_HOST

    assert unknown == set()


def test_the_recipes_name_files_that_exist():
    """A file that is renamed is renamed in CONTRIBUTING.md too."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:shared|tests|infra|local|docs)/[\w./-]+)`", text))

    assert len(named) > 20
    assert {name for name in named if not (ROOT / name).exists()} == set()
