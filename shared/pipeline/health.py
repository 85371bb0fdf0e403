"""Is everything there that the app depends on? Nothing is asked that costs money."""

from __future__ import annotations

from shared.core.errors import VisiondropError
from shared.pipeline.ports import Services


def check(services: Services) -> dict[str, str]:
    """Each dependency with "ok", or the code and message of what is wrong with it."""
    parts = {
        "blobs": services.blobs.check,
        "jobs": services.jobs.check,
        "queue": services.messages.check,
        "ledger": services.ledger.check,
    }
    found = {"settings": "ok"}
    for name, is_there in parts.items():
        try:
            is_there()
        except VisiondropError as error:
            found[name] = f"{error.code}: {error.message}"
        else:
            found[name] = "ok"
    return found
