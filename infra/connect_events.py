"""Connects upload events to the app that was just deployed: waits for it, then deploys events.bicep, and only that.

    python3 -m infra.connect_events

Reads AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP, AZURE_FUNCTION_NAME, AZURE_FUNCTION_URL, AZURE_STORAGE_ACCOUNT and
AZURE_EVENT_TOPIC: azd's environment, or a workflow's. Run it again at any time: it writes one subscription.

The host makes its key, and answers Event Grid's handshake, only some time after its code is there, and the topic's role
takes minutes to reach storage: those faults, and no others, are tried again (TRANSIENT).
"""

# ruff: noqa: INP001 - scripts beside templates, no package

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import app_check, signed_in

FOLDER = Path(__file__).parent
API_VERSION = "2024-11-01"
MANAGEMENT = "https://management.azure.com"
NEEDED = (
    "AZURE_SUBSCRIPTION_ID",
    "AZURE_RESOURCE_GROUP",
    "AZURE_FUNCTION_NAME",
    "AZURE_FUNCTION_URL",
    "AZURE_STORAGE_ACCOUNT",
    "AZURE_EVENT_TOPIC",
)
TRIES = 8
PAUSE_S = 45.0
POLL_S = 5.0
DEPLOYMENT_WITHIN_S = 900.0
ENDED = frozenset({"Succeeded", "Failed", "Canceled"})

TRANSIENT: tuple[tuple[str, str], ...] = (
    # azure-cli#11176, azure-functions-host#6402, #11379: the key is asked of a host that is starting
    (r"Encountered an error \(\w+\) from host runtime", "the host is starting"),
    (r"blobs_extension.{0,40}doesn't exist", "the host has not made its key yet"),
    # azure-docs#107285, Azure-Functions#1007: Event Grid calls the app before it takes it as a destination
    (r"(?i)webhook validation handshake failed|attempt to validate the provided endpoint", "the app did not answer"),
    # azure-docs#98216: whether the topic may write dead letters is looked at when the subscription is made
    (r"(?i)dead.?letter.{0,200}(permission|authoriz|access|denied)", "the topic's role is on its way"),
    # Azure-Functions#1657, bicep-types-az#1356: the platform itself
    (r"(?i)InternalServerError|ServiceUnavailable|BadGateway|GatewayTimeout|TooManyRequests", "Azure is busy"),
    (r"Unreachable", "Azure could not be reached"),
)


class NotConnected(Exception):
    """What went wrong, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the script needs from outside."""

    send: signed_in.Send
    compiled: Callable[[], Any]
    sleep: Callable[[float], None]
    say: Callable[[str], None]


def compiled() -> Any:
    """The template as JSON. Azure's tools bring a compiler: any of them will do."""
    bicep = compiler(os.environ, Path.home())
    if bicep is None:
        raise NotConnected("no Bicep compiler: run `azd provision` or `az bicep install` first, which bring one")
    command = [bicep, "build", str(FOLDER / "events.bicep"), "--stdout"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - Azure's own compiler
    if done.returncode:
        raise NotConnected(f"events.bicep does not compile:\n{done.stderr}")
    return json.loads(done.stdout)


def compiler(environ: Mapping[str, str], home: Path) -> str | None:
    azd = Path(environ.get("AZD_CONFIG_DIR") or home / ".azd") / "bin"
    places = [environ.get("AZD_BICEP_TOOL_PATH"), shutil.which("bicep")]
    places += [str(folder / name) for folder in (azd, home / ".azure" / "bin") for name in ("bicep", "bicep.exe")]
    return next((place for place in places if place and Path(place).is_file()), None)


def missing(environ: Mapping[str, str]) -> list[str]:
    return [name for name in NEEDED if not environ.get(name)]


def deployment(environ: Mapping[str, str], template: Any) -> dict[str, Any]:
    values = {
        "appName": environ["AZURE_FUNCTION_NAME"],
        "topicName": environ["AZURE_EVENT_TOPIC"],
        "storageName": environ["AZURE_STORAGE_ACCOUNT"],
    }
    parameters = {name: {"value": value} for name, value in values.items()}
    return {"properties": {"mode": "Incremental", "template": template, "parameters": parameters}}


def address(environ: Mapping[str, str]) -> str:
    group = f"subscriptions/{environ['AZURE_SUBSCRIPTION_ID']}/resourcegroups/{environ['AZURE_RESOURCE_GROUP']}"
    provider = "providers/Microsoft.Resources/deployments/visiondrop-events"
    return f"{MANAGEMENT}/{group}/{provider}?api-version={API_VERSION}"


def connect(world: World, environ: Mapping[str, str]) -> None:
    """Raises NotConnected for a fault that trying again does not mend, or that stayed."""
    body = json.dumps(deployment(environ, world.compiled())).encode()
    url = address(environ)
    fault: str | None = ""
    for attempt in range(1, TRIES + 1):
        fault = fault_of(deployed(world, url, body))
        if fault is None:
            world.say(f"upload events are connected to {environ['AZURE_FUNCTION_NAME']}")
            return
        because = reason(fault)
        if because is None:
            raise NotConnected(f"events.bicep was refused: {without_code(fault)}")
        world.say(f"try {attempt} of {TRIES}: {because}")
        if attempt < TRIES:
            world.sleep(PAUSE_S)
    raise NotConnected(f"the events could not be connected in {TRIES} tries: {without_code(fault or '')}")


def deployed(world: World, url: str, body: bytes) -> signed_in.Answer:
    """The deployment's last word."""
    answer = world.send("PUT", url, data=body)
    waited_s = 0.0
    while state_of(answer) not in ENDED and answer.status in {200, 201} and waited_s < DEPLOYMENT_WITHIN_S:
        world.sleep(POLL_S)
        waited_s += POLL_S
        answer = world.send("GET", url)
    return answer


def state_of(answer: signed_in.Answer) -> str:
    properties = answer.body.get("properties") if isinstance(answer.body, dict) else None
    return str((properties or {}).get("provisioningState", ""))


def fault_of(answer: signed_in.Answer) -> str | None:
    """All that Azure says about what failed; None when nothing did."""
    if state_of(answer) == "Succeeded":
        return None
    said: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {"message": str(answer.body)}
    error = (said.get("properties") or {}).get("error") or said.get("error") or said
    return f"{answer.status} {json.dumps(error)}"


def reason(fault: str) -> str | None:
    return next((because for pattern, because in TRANSIENT if re.search(pattern, fault, re.DOTALL)), None)


def without_code(fault: str) -> str:
    """Azure's messages may repeat the destination's address, which has the host's key in it."""
    return re.sub(r"(?i)(code=)[^&\"'\s]+", r"\1…", fault)


def main(environ: Mapping[str, str]) -> int:
    absent = missing(environ)
    if absent:
        app_check.say(f"not set: {', '.join(absent)}. They are outputs of main.bicep: run `azd provision` first")
        return 1
    if app_check.main(["ready", environ["AZURE_FUNCTION_URL"]]):
        return 1
    try:
        send = signed_in.sender(signed_in.token())
        connect(World(send=send, compiled=compiled, sleep=time.sleep, say=app_check.say), environ)
    except (NotConnected, signed_in.NotSignedIn) as fault:
        app_check.say(str(fault))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
