"""Who is signed in, and what Azure's resource manager says: standard library only, for hooks and workflows.

The token is azd's where azd is signed in, else the Azure CLI's. It goes into a header, and into no output.
"""

# ruff: noqa: INP001 - scripts beside templates, no package

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

REQUEST_TIMEOUT_S = 300.0
TOKENS: tuple[tuple[Sequence[str], str], ...] = (
    (("azd", "auth", "token", "--output", "json"), "token"),
    (("az", "account", "get-access-token", "--output", "json"), "accessToken"),
)


class NotSignedIn(Exception):
    """Neither tool gives a token; the message says what each said."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `status` 0: nobody could be reached, and `body` says why."""

    status: int
    body: Any
    headers: Mapping[str, str]


Send = Callable[..., Answer]


def token() -> str:
    """A token for Azure's resource manager, which the deployment service of a function app takes too."""
    said = []
    for command, key in TOKENS:
        if shutil.which(command[0]) is None:
            said.append(f"{command[0]} is not installed")
            continue
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - as TOKENS says
        if done.returncode == 0:
            return str(json.loads(done.stdout)[key])
        said.append(f"{' '.join(command)}: {done.stderr.strip()}")
    raise NotSignedIn("sign in with `azd auth login` or `az login`\n" + "\n".join(said))


def sender(bearer: str) -> Send:
    """A function that sends a request as the one who is signed in."""

    def send(method: str, url: str, *, data: bytes | None = None, media_type: str = "application/json") -> Answer:
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": media_type, "Accept": "application/json"}
        request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 - URLs are ours
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_S) as response:  # noqa: S310 - as above
                return Answer(response.status, parsed(response.read()), dict(response.headers))
        except urllib.error.HTTPError as fault:
            return Answer(fault.code, parsed(fault.read()), dict(fault.headers))
        except OSError as fault:
            return Answer(0, {"error": {"code": "Unreachable", "message": str(fault)}}, {})

    return send


def parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
