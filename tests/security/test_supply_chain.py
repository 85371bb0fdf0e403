"""What is installed is what was reviewed: every package is locked by hash, every action by commit."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_python_package_is_locked_by_hash(lock):
    """One exact version and at least one SHA-256 each; pip refuses what differs. No address of another registry."""
    requirements = lock.read_text().replace("\\\n", " ").splitlines()
    loose = [
        line.partition(" ")[0]
        for line in requirements
        if not re.fullmatch(r"[\w.\[\],-]+==\S+( ; .+?)?( +--hash=sha256:[0-9a-f]{64})+", line.strip())
    ]

    assert requirements
    assert loose == []


def test_every_npm_package_has_its_integrity():
    """`npm ci` checks each archive against the lock; nothing comes from anywhere but the npm registry."""
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    fetched = {
        name: about for name, about in packages.items() if "node_modules/" in name and not about.get("link")
    }  # the rest is this project and its own stubs
    loose = {name for name, about in fetched.items() if not str(about.get("integrity")).startswith("sha512-")}

    assert fetched
    assert loose == set()


def test_every_action_is_pinned_to_a_commit():
    """A tag can be moved to other code; a commit cannot."""
    uses = [
        (path.name, found)
        for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
        for found in re.findall(r"uses:\s*(\S+)", path.read_text())
        if not found.startswith("./")  # a workflow of this repository
    ]
    loose = [item for item in uses if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", item[1])]

    assert uses
    assert loose == []


def test_ci_audits_what_is_locked():
    """Known vulnerabilities are looked up where there is a network: in CI, for what is deployed and for what is not."""
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()

    assert "pip-audit" in workflow
    assert {name for name in ("requirements.txt", "requirements-dev.txt") if f"-r {name}" in workflow} == {
        path.name for path in LOCKS
    }
