"""Function keys, asked for only with `--auth` (as `func start --enableAuth`): who may call which function."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

BLOBS_EXTENSION = "blobs_extension"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys that are accepted, in the words of the host's own secrets: a master key, host-wide ones, system ones,
    and some per function.
    """

    master: str
    host: Mapping[str, str] = field(default_factory=dict)
    system: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def allow(self, level: str, function: str, given: str) -> bool:
        of_function = self.functions.get(function, {}).values()
        accepted = {
            "anonymous": None,
            "admin": [self.master],
            "function": [self.master, *self.host.values(), *of_function],
        }[level]
        return accepted is None or is_one_of(given, accepted)

    def allow_events(self, given: str) -> bool:
        return is_one_of(given, [self.master, *self.system.values()])


def is_one_of(given: str, accepted: list[str]) -> bool:
    return any([hmac.compare_digest(given.encode(), key.encode()) for key in accepted])  # noqa: C419 # no early exit


def generate_keys() -> Keys:
    return Keys(
        master=secrets.token_urlsafe(32),
        host={"default": secrets.token_urlsafe(32)},
        system={BLOBS_EXTENSION: secrets.token_urlsafe(32)},
    )


def read_keys(file: Path) -> Keys:
    """The keys in `file`; new ones are written to it if it does not exist."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(generate_keys()), indent=2), "utf-8")
    return Keys(**json.loads(file.read_text("utf-8")))
