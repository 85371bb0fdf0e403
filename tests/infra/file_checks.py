"""Checks of what stands around the templates: workflows, azure.yaml, host.json, .funcignore, and Bicep's own compiler.

A tool that is not there is no fault and no pass: the check raises ToolMissing, and its test is skipped with a notice.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from local.commands.package import deployed_files
from shared.core.models.catalogue import look_up_model
from shared.core.models.retirement import retirement
from shared.core.models.tokens import Usage
from shared.core.money.prices import cost
from tests.infra.plans import ROOTS
from tests.infra.policy_checks import at, resources
from tests.infra.reading import Check, main
from tests.infra.tools import ToolMissing, against, read_yaml, schema_of
from tests.infra.workflow_checks import (
    actionlint,
    delivery,
    pins_named,
    pythons,
    scripts_of,
    workflow_rules,
    workflow_schema,
    zizmor,
)

NOTICE_DAYS = 60

FOLDER = "dist/app"

SERVICE = {"project": ".", "host": "function", "language": "python", "dist": FOLDER, "remoteBuild": False}

HOOKS = {  # by its event, what a hook has to do
    "prepackage": f"visiondrop package --python [^|]+ --folder {FOLDER}$",
    "postprovision": "azd env set RESTORE_MODEL_ACCOUNT false",
    "postdeploy": "python3? -m infra.connect_events$",
}

AZD_FLOOR = (1, 23, 13)  # reads negated lines of .funcignore as git does (its changelog, 7311)


def azure_yaml(root: Path) -> list[str]:
    return against(schema_of("azure.yaml.json"), read_yaml(root / "azure.yaml"))


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
