"""Publishes the package that was tested, byte for byte: no build on the other side.

    python3 -m infra.publish visiondrop.zip

Reads AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP and AZURE_FUNCTION_NAME. `az functionapp deployment source config-zip`
cannot do this: for Python it always asks for a build, which throws the tested packages away (docs/decisions/0902).
"""

# ruff: noqa: INP001 - scripts beside templates, no package

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from infra import app_check, signed_in

MANAGEMENT = "https://management.azure.com"
WEB_API_VERSION = "2024-11-01"
POLL_S = 2.0
WITHIN_S = 900.0
UNKNOWN_AT_FIRST = 4  # the deployment is not found for the first polls
# PublishStatus of azd's funcapp_host_client.go
SUCCESS = 4
FAILED = {-1: "cancelled", 3: "failed", 5: "ended by another deployment", 6: "only partly successful"}


class NotPublished(Exception):
    """What the deployment service said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the script needs from outside."""

    send: signed_in.Send
    sleep: Callable[[float], None]
    say: Callable[[str], None]


def deployment_host(world: World, environ: Mapping[str, str]) -> str:
    """The host name of the app's deployment service."""
    group = f"subscriptions/{environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{environ['AZURE_RESOURCE_GROUP']}"
    site = f"providers/Microsoft.Web/sites/{environ['AZURE_FUNCTION_NAME']}"
    answer = world.send("GET", f"{MANAGEMENT}/{group}/{site}?api-version={WEB_API_VERSION}")
    if answer.status != HTTPStatus.OK:
        raise NotPublished(f"the app was not found: {answer.status} {answer.body}")
    hosts: list[dict[str, str]] = answer.body["properties"]["hostNameSslStates"]
    return next(host["name"] for host in hosts if host["hostType"] == "Repository")


def publish(world: World, base: str, package: bytes) -> None:
    """Raises NotPublished unless the service says that the package runs."""
    answer = world.send("POST", f"{base}/api/publish?RemoteBuild=false", data=package, media_type="application/zip")
    if answer.status != HTTPStatus.ACCEPTED:
        raise NotPublished(f"the package was refused: {answer.status} {answer.body}")
    follow(world, f"{base}/api/deployments/{answer.body}")


def follow(world: World, url: str) -> None:
    """A deployment that was seen and then is not found any more has ended well: its worker was recycled."""
    seen = False
    waited_s, unknown = 0.0, 0
    while waited_s < WITHIN_S:
        answer = world.send("GET", url)
        if answer.status == HTTPStatus.NOT_FOUND:
            if seen:
                return
            unknown += 1
            if unknown > UNKNOWN_AT_FIRST:
                raise NotPublished("the deployment is not known to the service")
        elif answer.status in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
            seen = True
            if ended(answer.body):
                return
        else:
            raise NotPublished(f"the deployment could not be followed: {answer.status} {answer.body}")
        world.sleep(POLL_S)
        waited_s += POLL_S
    raise NotPublished(f"the deployment had not ended after {WITHIN_S:.0f} s")


def ended(deployment: Any) -> bool:
    status = deployment.get("status")
    if status in FAILED:
        raise NotPublished(f"the deployment {FAILED[status]}: {deployment.get('status_text', '')}")
    return bool(status == SUCCESS)


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    package = Path(arguments[0]).read_bytes()
    try:
        world = World(send=signed_in.sender(signed_in.token()), sleep=time.sleep, say=app_check.say)
        publish(world, f"https://{deployment_host(world, environ)}", package)
    except (NotPublished, signed_in.NotSignedIn) as fault:
        app_check.say(str(fault))
        return 1
    digest = hashlib.sha256(package).hexdigest()
    world.say(f"published {len(package) / 1e6:.1f} MB, sha256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
