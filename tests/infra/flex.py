"""What the Flex Consumption plan refuses or ignores: a template that has one of these may not deploy.

Sources: azure-pipelines-tasks#21032, azure-cli#31414 and terraform-avm-res-web-site#345/#353/#360 (ARM error 51021
names the property; old stamps ignore it, new ones block), azurerm's own list for FC1 (API 2025-05-01), and "deprecated
in Flex Consumption" of the app settings reference. Checked 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from tests.infra.bicep_functions import Unknown
from tests.infra.evaluation import Plan
from tests.infra.plans import made, plans

SITES = "Microsoft.Web/sites"

REFUSED_SITE_CONFIG = (
    "alwaysOn",
    "appSettings",  # two writers of settings wipe each other's: sites/config has them
    "ftpsState",
    "functionAppScaleLimit",
    "functionsRuntimeScaleMonitoringEnabled",
    "linuxFxVersion",
    "netFrameworkVersion",
    "preWarmedInstanceCount",
    "pythonVersion",
    "use32BitWorkerProcess",
    "windowsFxVersion",
)
REFUSED_SETTINGS = (
    "AzureWebJobsStorage",  # empty, too: it ends the connection by identity
    "ENABLE_ORYX_BUILD",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_RUNTIME",
    "SCM_DO_BUILD*",
    "TZ",
    "WEBSITE_CONTENT*",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_TIME_ZONE",
)


def refused(root: Path) -> list[str]:
    """No plan has a site property or a setting that Flex Consumption refuses."""
    return sorted({fault for plan in plans(root) for fault in (*refused_properties(plan), *refused_settings(plan))})


def refused_properties(plan: Plan) -> Iterator[str]:
    for site in made(plan, SITES):
        config = site.body["properties"].get("siteConfig", {})
        yield from (
            f"siteConfig.{name} is refused by Flex Consumption" for name in REFUSED_SITE_CONFIG if name in config
        )


def refused_settings(plan: Plan) -> Iterator[str]:
    for config in made(plan, f"{SITES}/config"):
        settings = config.body["properties"] if config.body["name"] == "appsettings" else {}
        if isinstance(settings, Unknown):
            yield "the settings cannot be computed"
            continue
        for name in settings:
            if any(fnmatchcase(name, pattern) for pattern in REFUSED_SETTINGS):
                yield f"setting {name} is not for Flex Consumption"
