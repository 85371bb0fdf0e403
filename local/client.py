"""A deployment's HTTP interface (docs/http.md) for terminal commands: the local one or any other."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.core import limits

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

LOCAL_URL = "http://127.0.0.1:7071"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LONGEST_WAIT_S = 30
TIMEOUT_S = 600.0
JSON_BODY = {"content-type": "application/json"}
PENDING = 202
UNAUTHORIZED = 401


class CallFailed(Exception):
    """The deployment refused, or there is none; the text says which and what to do."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--url", help=f"of the deployment; default: VISIONDROP_URL, or {LOCAL_URL}")
    parser.add_argument("--key", help="its function key; default: VISIONDROP_KEY, which no process list shows")


def connect(arguments: Namespace) -> Client:
    """A client for the deployment at this address. Raises CallFailed for an address that a key must not be sent to."""
    url = arguments.url or os.environ.get("VISIONDROP_URL") or LOCAL_URL
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise CallFailed(f"{url} is not an http(s) address")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise CallFailed("a key and pictures are sent over https only, except to this machine")
    return Client(url.rstrip("/"), arguments.key or os.environ.get("VISIONDROP_KEY"))


class Client:
    def __init__(self, url: str, key: str | None) -> None:
        self.url = url
        self.headers = {"x-functions-key": key} if key else {}

    def list_jobs(self, **filters: str | int | None) -> list[dict[str, Any]]:
        """The newest jobs that fit, at most `limit`; follows cursors as far as it takes."""
        wanted = {name: value for name, value in filters.items() if value is not None}
        limit = int(wanted.pop("limit", 50))
        items: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None and len(items) < limit:
            query = urllib.parse.urlencode({**wanted, "limit": min(100, limit - len(items)), "cursor": cursor})
            page = self.call(f"/api/results?{query}")[1]
            items += page["items"]
            cursor = page["cursor"]
        return items

    def look_up(self, name: str, *, wait_s: int = 0) -> tuple[bool, dict[str, Any]]:
        """Whether the job has ended, and its document."""
        status, document = self.call(f"/api/results?{urllib.parse.urlencode({'name': name, 'wait': wait_s})}")
        return status != PENDING, document

    def look_up_job(self, job_id: str, *, wait_s: int = 0) -> tuple[bool, dict[str, Any]]:
        status, document = self.call(f"/api/jobs/{job_id}?wait={wait_s}")
        return status != PENDING, document

    def upload(self, path: Path, name: str, *, options: Mapping[str, str]) -> str | None:
        """The id of the job of the file, once it is stored; None for an options file."""
        if path.stat().st_size > limits.UPLOAD_BYTES.value:
            return self.upload_by_ticket(path, name, options=options)
        headers = {f"x-ms-meta-{option}": value for option, value in options.items()}
        quoted = urllib.parse.quote(name, safe="/")
        kept = self.call(f"/api/uploads/{quoted}", method="PUT", data=path.read_bytes(), headers=headers)[1]
        return None if kept["job_id"] is None else str(kept["job_id"])

    def upload_by_ticket(self, path: Path, name: str, *, options: Mapping[str, str]) -> str:
        from shared.core.jobs.job import job_id_of  # noqa: PLC0415  # few files are this large
        from shared.core.places import UPLOADS  # noqa: PLC0415  # as above

        asked = json.dumps({"name": name, "bytes": path.stat().st_size}).encode()
        ticket = self.call("/api/uploads", method="POST", data=asked, headers=JSON_BODY)[1]
        headers = {**ticket["headers"], **{f"x-ms-meta-{option}": value for option, value in options.items()}}
        headers["content-length"] = str(path.stat().st_size)
        with path.open("rb") as data:
            request = urllib.request.Request(ticket["url"], method="PUT", data=data, headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
                    etag = response.headers["etag"].strip('"')
            except urllib.error.HTTPError as error:
                with error:
                    raise CallFailed(f"storage refused {name}: {error.code}", status=error.code) from None
        return job_id_of(container=UPLOADS, name=name, etag=etag)

    def call(
        self, path: str, *, method: str = "GET", data: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        sent = {**self.headers, **(headers or {})}
        request = urllib.request.Request(self.url + path, method=method, data=data, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise CallFailed(explain(error), status=error.code) from None
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            reason = getattr(error, "reason", error)
            raise CallFailed(f"{self.url} does not answer ({reason}): is ./visiondrop up running?") from None

    def link(self, job_id: str) -> str:
        """The address of the page for a job: a browser asks for the key there, which it could not be given for the
        document itself.
        """
        return f"{self.url}/api/gallery?job={job_id}"


def explain(error: urllib.error.HTTPError) -> str:
    if error.code == UNAUTHORIZED:
        return "the key is missing or wrong: give --key or VISIONDROP_KEY"
    try:
        told = json.load(error)["error"]
        return f"{told['message']}. {told['hint']}".strip()
    except (ValueError, KeyError, TypeError):
        return f"the deployment answered {error.code}"
