"""Is it up, and can it reach what it depends on?"""

from __future__ import annotations

import azure.functions as func

from shared.http.replies import to_json
from shared.pipeline.health import check
from shared.pipeline.ports import Services
from shared.pipeline.watch import warnings


def health(services: Services) -> func.HttpResponse:
    checks = check(services)
    if any(found != "ok" for found in checks.values()):
        return to_json(503, {"status": "unhealthy", "checks": checks})
    noticed = warnings(services)
    return to_json(200, {"status": "ok", "checks": checks, **({"warnings": noticed} if noticed else {})})
