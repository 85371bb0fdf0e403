"""Results of what went up: each is asked for by its job, often at first and more seldom later, and printed once."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.core.jobs.job import job_id_of
from shared.core.places import UPLOADS

UNFINISHED_A_ROUND = 20  # then the rest waits for the next round; what has ended goes on at once
FIRST_WAIT_S = 0.4
LONGEST_WAIT_S = 2.0  # for a job that is queued or running: jobs end about in the order of their files
LONGEST_PARKED_WAIT_S = 60.0  # for one that waits for money or an endpoint, or was never made
SOON = frozenset({"queued", "running"})
ENDED = 200


@dataclass(slots=True)
class Awaited:
    """A job whose end is to be printed. `due_at` is in seconds on the clock of Results."""

    name: str
    job_id: str
    due_at: float = 0.0
    wait_s: float = FIRST_WAIT_S


class Results:
    """The results that are waited for; `say` gets one line for each job that has ended."""

    def __init__(
        self, host_url: str, *, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.host_url = host_url
        self.say = say
        self.clock = clock
        self.awaited: dict[str, Awaited] = {}  # by name, the oldest first: a newer version's job takes the place

    def expect(self, name: str, etag: str) -> None:
        """Wait for the job of this version of the upload."""
        self.awaited.pop(name, None)
        job_id = job_id_of(container=UPLOADS, name=name, etag=etag.strip('"'))
        self.awaited[name] = Awaited(name, job_id)

    def ask(self) -> None:
        """Print the jobs that have ended, of those whose turn it is to be asked for."""
        unfinished = 0
        for one in [one for one in self.awaited.values() if one.due_at <= self.clock()]:
            status, document = fetch_job(self.host_url, one.job_id)
            if status == ENDED:
                del self.awaited[one.name]
                self.say(f"{one.name}: {outcome(document)}")
                continue
            self.put_off(one, state=str(document.get("state")))
            unfinished += 1
            if unfinished == UNFINISHED_A_ROUND:
                return

    def put_off(self, one: Awaited, *, state: str) -> None:
        one.due_at = self.clock() + one.wait_s
        one.wait_s = min(one.wait_s * 2, LONGEST_WAIT_S if state in SOON else LONGEST_PARKED_WAIT_S)


def fetch_job(host_url: str, job_id: str) -> tuple[int, dict[str, Any]]:
    """The answer's status and document; status 0 while there is no job, or the host cannot say."""
    try:
        with urllib.request.urlopen(f"{host_url}/api/jobs/{job_id}", timeout=10) as answer:
            return answer.status, json.load(answer)
    except OSError:  # 404 before the trigger has run; a host that died is reported by Stack.check
        return 0, {}


def outcome(document: Mapping[str, Any]) -> str:
    """One line about a finished job."""
    error, reply = document.get("error") or {}, document.get("reply") or {}
    usage, cost = document.get("usage") or {}, document.get("cost") or {}
    spent = [f"{usage['input_tokens']} + {usage['output_tokens']} tokens"] if usage else []
    spent += [f"${cost['usd']}"] if cost else []
    text = error.get("message") or " ".join((reply.get("text") or "").split())
    return " · ".join([str(document.get("state")), *spent, text])
