"""What the templates promise about what they make together: private addresses, diagnostics, one topic, zones."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path

from tests.infra.evaluation import Made, evaluate
from tests.infra.plans import LEAST, MOST, OWN, given, made, plan
from tests.infra.reading import main
from tests.infra.rules import AI, DIAGNOSTICS, ENDPOINTS, NETWORKS, PLANS, SITES, STORAGE, TOPICS, ZONES

DIAGNOSED = {
    SITES,
    AI,
    TOPICS,
    *(f"{STORAGE}/{service}Services" for service in ("blob", "queue", "table")),
}

STORAGE_ZONES = {name: f"privatelink.{name}.core.windows.net" for name in ("blob", "queue", "table")}

MODEL_ZONES = {
    "privatelink.cognitiveservices.azure.com",
    "privatelink.openai.azure.com",
    "privatelink.services.ai.azure.com",
}


def private_network(root: Path) -> list[str]:
    """Every service has its private address and the names it is asked by, and the subnets fit into the network."""
    found = plan(root, MOST)
    if not made(found, NETWORKS):
        return ["there is no network"]
    body = made(found, NETWORKS)[0].body["properties"]
    ranges = [IPv4Network(item["properties"]["addressPrefix"]) for item in body["subnets"]]
    around = IPv4Network(body["addressSpace"]["addressPrefixes"][0])
    into = made(found, SITES)[0].body["properties"]["virtualNetworkSubnetId"]
    subnet = f"{made(found, NETWORKS)[0].id}/subnets/{body['subnets'][0]['name']}"
    return [
        *(fault for number in (MOST, OWN) for fault in endpoints(root, number)),
        *(f"{item} is outside {around}" for item in ranges if not item.subnet_of(around)),
        *(f"{one} and {two} overlap" for one, two in combinations(ranges, 2) if one.overlaps(two)),
        *([] if into == subnet else [f"the app goes into {into}"]),
    ]


def endpoints(root: Path, number: int) -> Iterator[str]:
    """Once with zones of the company, once with zones made here."""
    values = given(main(root).parameters, number)
    found = evaluate(root / "infra" / "main.bicep", values)
    company = values.get("privateDnsZonesGroupId")
    zones = {one.id for one in made(found, ZONES)}
    here = {} if company else zones
    groups = {one.body["properties"]["privateLinkServiceConnections"][0]["name"] for one in made(found, ENDPOINTS)}
    named = [zone for one in made(found, f"{ENDPOINTS}/privateDnsZoneGroups") for zone in zone_ids(one)]
    if groups != {*STORAGE_ZONES, "account"}:
        yield f"{sorted(groups)} have private addresses: not its services"
    if {zone.rpartition("/")[2] for zone in named} != {*STORAGE_ZONES.values(), *MODEL_ZONES}:
        yield f"{sorted(named)}: not its zones"
    for zone in named:
        if company and not zone.startswith(f"{company}/"):
            yield f"{zone} is not the company's zone"
        if not company and zone not in here:
            yield f"{zone} is not made"
    if company and zones:
        yield "zones are made though the company has them"


def zone_ids(group: Made) -> list[str]:
    return [config["properties"]["privateDnsZoneId"] for config in group.body["properties"]["privateDnsZoneConfigs"]]


def everywhere(root: Path) -> list[str]:
    """With diagnosticsEverywhere each resource that can has a diagnostic setting; audited are writes and deletes."""
    found = plan(root, MOST)
    settings = made(found, DIAGNOSTICS)
    told = {one.id.rpartition("/providers/Microsoft.Insights/")[0] for one in settings}
    silent = [one.id for one in found.made if one.resource.type in DIAGNOSED and one.id not in told]
    audits = {
        log["category"]
        for number in (LEAST, MOST)
        for one in made(plan(root, number), DIAGNOSTICS)
        if STORAGE in one.id
        for log in one.body["properties"]["logs"]
    }
    return [
        *(f"{name} has no diagnostic setting" for name in silent),
        *([] if audits == {"StorageWrite", "StorageDelete"} else [f"audited are {sorted(audits)}"]),
    ]


def one_topic(root: Path) -> list[str]:
    """There is one system topic: the company's own, by its name, or ours. Azure refuses a second on the account."""
    values = {**given(main(root).parameters, MOST), "eventTopicName": "theirs"}
    found = evaluate(root / "infra" / "main.bicep", values)
    names = [one.body["name"] for one in made(found, TOPICS)]
    return [] if names == ["theirs"] else [f"topics {names} are made beside theirs"]


def zones(root: Path) -> list[str]:
    """Spread over zones are the plan, the storage, and at least two instances for events and for HTTP."""
    values = {**given(main(root).parameters, LEAST), "zoneRedundant": True}
    found = evaluate(root / "infra" / "main.bicep", values)
    ready = made(found, SITES)[0].body["properties"]["functionAppConfig"]["scaleAndConcurrency"]["alwaysReady"]
    return [
        *([] if made(found, PLANS)[0].body["properties"]["zoneRedundant"] else ["the plan is in one zone"]),
        *([] if made(found, STORAGE)[0].body["sku"]["name"] == "Standard_ZRS" else ["the storage is in one zone"]),
        *(
            []
            if {item["name"]: item["instanceCount"] for item in ready} == {"blob": 2, "http": 2}
            else [f"always ready are {ready}"]
        ),
    ]
