"""Is it up, and can it reach what it depends on?"""

from __future__ import annotations

import azure.functions as func

from shared.http.replies import to_json
from shared.pipeline.health import check
from shared.pipeline.ports import Services


def health(services: Services) -> func.HttpResponse:
    checks = check(services)
    healthy = all(found == "ok" for found in checks.values())
    return to_json(200 if healthy else 503, {"status": "ok" if healthy else "unhealthy", "checks": checks})
