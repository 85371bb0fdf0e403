"""The templates and the code agree: settings, containers, queues, tables, and who is told about uploads."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from shared.core import places
from shared.core.settings import Settings
from tests.infra import bicep
from tests.infra.bicep_functions import Unknown
from tests.infra.bicep_values import Expression, Template
from tests.infra.evaluation import Plan
from tests.infra.flex import refused
from tests.infra.plans import LEAST, MOST, made, plan
from tests.infra.policy_checks import at, resources
from tests.infra.reading import Check
from tests.infra.rules import AI, SITES, STORAGE, SUBSCRIPTIONS

ROOT = Path(__file__).parents[2]

# Read by the Functions host and the platform, not by the app's own settings
HOST_SETTINGS = {
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
    "PYTHON_THREADPOOL_THREAD_COUNT",
}
# Read by the app, and left out on purpose: keys have no place in a keyless deployment
LEFT_OUT = {
    "AzureWebJobsStorage": "a connection string is a key",
    "AZURE_OPENAI_API_KEY": "a key",
    "AZURE_VISION_KEY": "a key",
    "OPENAI_API_KEY": "another endpoint's key",
    "OPENAI_BASE_URL": "another endpoint",
    "OPENAI_MODEL": "another endpoint",
    "OTEL_TRACES_EXPORTER": "traces go where APPLICATIONINSIGHTS_CONNECTION_STRING says",
}


def app_settings(root: Path, number: int = LEAST) -> dict[str, Any]:
    """What the app finds in its environment, in a plan; Unknown where only the deployment knows."""
    configs = made(plan(root, number), f"{SITES}/config")
    settings: dict[str, Any] = next(one.body["properties"] for one in configs if one.body["name"] == "appsettings")
    return settings


CLIENT = "identity.properties.clientId"
WIRED_LATER = {
    "AzureWebJobsStorage__clientId": CLIENT,
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "telemetry.properties.ConnectionString",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": f"'ClientId=${{{CLIENT}}};Authorization=AAD'",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID": CLIENT,
    "AZURE_CLIENT_ID": CLIENT,
}


def wired(found: Plan) -> dict[str, Any]:
    """What the addresses and names among the settings have to be: those of the resources of the same plan."""
    storage = made(found, STORAGE)[0].body["name"]
    model, *_ = made(found, AI, "account")
    vision = [
        one.body["properties"]["customSubDomainName"] for one in made(found, AI) if one.body["kind"] != "AIServices"
    ]
    services = {
        f"AzureWebJobsStorage__{service}ServiceUri": f"https://{storage}.{service}.core.windows.net/"
        for service in ("blob", "queue", "table")
    }
    deployment = made(found, f"{AI}/deployments")[0].body
    return {
        "AzureWebJobsStorage__credential": "managedidentity",
        "AzureWebJobsStorage__accountName": storage,
        **services,
        **{name: Unknown(text) for name, text in WIRED_LATER.items()},
        "AZURE_OPENAI_ENDPOINT": f"https://{model.body['properties']['customSubDomainName']}.openai.azure.com",
        "AZURE_OPENAI_DEPLOYMENT": deployment["name"],
        "VISION_MODEL": deployment["properties"]["model"]["name"],
        "AZURE_VISION_ENDPOINT": f"https://{vision[0]}.cognitiveservices.azure.com/" if vision else "",
    }


class Recorder(Mapping[str, str]):
    """An environment that keeps which variables were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values_given = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.values_given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_given)

    def __len__(self) -> int:
        return len(self.values_given)


def settings_complete(root: Path) -> list[str]:
    """Every setting that the app reads is set, every one that is set is read, and the whole is valid."""
    given = app_settings(root)
    recorder = Recorder({name: "given" if isinstance(value, Unknown) else value for name, value in given.items()})
    try:
        Settings.from_environ(recorder)
        invalid = []
    except Exception as fault:  # noqa: BLE001  # whatever is wrong with the settings is the finding
        invalid = [f"the app would refuse its settings: {fault}"]
    asked = recorder.asked | {"AzureWebJobsStorage__accountName", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"}
    return [
        *(f"the app reads {name}, which app.bicep does not set" for name in sorted(asked - {*given, *LEFT_OUT})),
        *(f"app.bicep sets {name}, which nothing reads" for name in sorted({*given} - asked - HOST_SETTINGS)),
        *(f"{name} is set: {LEFT_OUT[name]}" for name in sorted({*given} & LEFT_OUT.keys())),
        *invalid,
    ]


def wired_settings(root: Path) -> list[str]:
    """Addresses and identities are the right ones: each is text, so that another would pass for it."""
    identities = [at(item.body, "identity.userAssignedIdentities") for _, item in resources(root) if item.type == SITES]
    return [
        *(
            f"{name} is {app_settings(root, number).get(name)}, not {wanted}"
            for number in (LEAST, MOST)
            for name, wanted in wired(plan(root, number)).items()
            if app_settings(root, number).get(name) != wanted
        ),
        *([] if identities == [{"'${identity.id}'": {}}] else [f"the identity of the app is {identities}"]),
    ]


def host_agrees(root: Path) -> list[str]:
    """The host reads messages as the code writes them, retries as the alerts say, and outlives a model call."""
    host = json.loads((root / "host.json").read_text("utf-8"))
    minutes, seconds = map(int, host["functionTimeout"].split(":")[1:])
    settings = app_settings(root)
    model_timeout_s = float(settings["MODEL_TIMEOUT_S"])
    queues = host["extensions"]["queues"]
    messages = queues["batchSize"] + queues["newBatchThreshold"]
    threads = settings.get("PYTHON_THREADPOOL_THREAD_COUNT")
    return [
        *([] if at(host, "extensions.queues.messageEncoding") == "base64" else ["the code writes base64 messages"]),
        *([] if 60 * minutes + seconds >= 4 * model_timeout_s else ["functionTimeout is too short for model calls"]),
        *([] if threads == str(messages) else [f"{messages} messages at once meet {threads} threads"]),
    ]


def storage_names(root: Path) -> list[str]:
    """Containers, queues and tables that the code and the host use are made."""
    template = bicep.read(root / "infra" / "modules" / "storage.bicep")
    needed = {
        "containerNames": set(places.CONTAINERS),
        "queueNames": {*places.QUEUES, places.UPLOAD_POISON, *triggering("queueName")},
        "tableNames": set(places.TABLES),
    }
    return [
        *(
            f"{variable} lacks {name}"
            for variable, wanted in needed.items()
            for name in sorted(wanted - set(named(template, template.variables[variable])))
        ),
        *(f"there is no container {name}" for name in sorted(containers_used(root) - {*made_containers(template)})),
    ]


def named(template: Template, values: Iterable[Any]) -> Iterator[str]:
    """Literals, and variables that hold one."""
    for value in values:
        yield template.variables[value.name] if isinstance(value, Expression) else value


def made_containers(template: Template) -> Iterator[str]:
    yield from named(template, template.variables["containerNames"])


def containers_used(root: Path) -> set[str]:
    """Those that retention is about, and those that roles are on."""
    storage = bicep.read(root / "infra" / "modules" / "storage.bicep")
    access = bicep.read(root / "infra" / "modules" / "access.bicep")
    on = [resource.body["name"] for resource in access.resources if resource.type.endswith("/containers")]
    return {*named(storage, [rule["container"] for rule in storage.variables["retention"]]), *on}


@cache
def triggers() -> list[dict[str, str]]:
    """Each function's trigger; in a process of its own, because the library lists an app's functions only once."""
    program = (
        "import json, function_app as f;"
        "print(json.dumps([{**g.get_trigger().get_dict_repr(), 'function': g.get_function_name()}"
        " for g in f.app.get_functions()], default=str))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def triggering(attribute: str) -> set[str]:
    return {trigger[attribute] for trigger in triggers() if attribute in trigger}


def events(root: Path) -> list[str]:
    """Events of the watched container go to the function that has the blob trigger, and only once the code is there."""
    wired = bicep.read(root / "infra" / "events.bicep")
    watched = [(trigger["function"], trigger["path"].partition("/")[0]) for trigger in triggers() if "path" in trigger]
    told = [(wired.parameters["functionName"].default, wired.parameters["container"].default)]
    filters = [at(item.body, "properties.filter.subjectBeginsWith") for _, item in resources(root)]
    too_early = [one.resource.symbol for number in (LEAST, MOST) for one in made(plan(root, number), SUBSCRIPTIONS)]
    return [
        *([] if told == watched else [f"events go to {told}, the code waits for {watched}"]),
        *(
            []
            if "'/blobServices/default/containers/${container}/blobs/'" in filters
            else ["the filter is not the container"]
        ),
        *(f"{name} is connected before the code is there" for name in too_early),
        *([] if "/runtime/webhooks/blobs" in excluded_paths(root) else ["a sign-in would shut out Event Grid"]),
    ]


def excluded_paths(root: Path) -> list[Any]:
    found = [at(item.body, "properties.globalValidation.excludedPaths") for _, item in resources(root)]
    return [path for paths in found if isinstance(paths, list) for path in paths]


CODE_CHECKS: dict[str, Check] = {
    "settings complete": settings_complete,
    "wired settings": wired_settings,
    "host agrees": host_agrees,
    "flex": refused,
    "storage names": storage_names,
    "events": events,
}
