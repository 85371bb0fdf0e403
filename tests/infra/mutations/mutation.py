"""One way to break the infrastructure, and the files that the ways are in."""

from __future__ import annotations

from dataclasses import dataclass

MAIN = "infra/main.bicep"
EVENTS = "infra/events.bicep"
APP = "infra/modules/app.bicep"
STORAGE = "infra/modules/storage.bicep"
ALERTS = "infra/modules/alerts.bicep"
NETWORK = "infra/modules/network.bicep"
ACCESS = "infra/modules/access.bicep"
MODEL = "infra/modules/model.bicep"
MONITORING = "infra/modules/monitoring.bicep"
PRIVATE_ENDPOINT = "infra/modules/private_endpoint.bicep"
CI_FLOW = ".github/workflows/ci.yml"
DEPLOY_FLOW = ".github/workflows/deploy.yml"
INFRA_FLOW = ".github/workflows/infra.yml"


@dataclass(frozen=True, slots=True)
class Mutation:
    """`old` stands in the file; with `new` in its place the check finds something that contains `says`."""

    check: str
    file: str
    old: str
    new: str
    says: str
