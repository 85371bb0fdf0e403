"""infra/presets: files of variables for azd and GitHub, each a deployment that the templates make."""

from __future__ import annotations

import json
import re

import pytest

from infra import parameters
from tests.infra.azure_types import DATA, check
from tests.infra.evaluation import evaluate
from tests.infra.plans import made
from tests.infra.test_infra import ROOT

PRESETS = sorted((ROOT / "infra" / "presets").glob("*.env"))
NEEDED = ["AZURE_ENV_NAME=x", "AZURE_MODEL_LOCATION=swedencentral"]


def variables(path):
    """The file's lines NAME=VALUE, as both tools read them."""
    return [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def planned(path):
    given = json.loads(parameters.main([*NEEDED, *variables(path)], {}))["parameters"]
    return evaluate(ROOT / "infra" / "main.bicep", {name: item["value"] for name, item in given.items()})


def test_the_three_presets_are_there():
    """The ones that docs/deploy.md names, and each says how it is used."""
    assert [path.stem for path in PRESETS] == ["dev", "private", "prod"]
    for path in PRESETS:
        assert f"azd env set --file infra/presets/{path.name}" in path.read_text("utf-8")
        assert f"`{path.stem}`" in (ROOT / "docs" / "deploy.md").read_text("utf-8")


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_every_line_sets_a_parameter(path):
    """A variable that nothing reads would be a promise that is not kept."""
    read = (ROOT / "infra" / "main.parameters.json").read_text("utf-8")
    names = [line.partition("=")[0] for line in variables(path)]
    assert names
    assert len(names) == len(set(names))
    assert [name for name in names if f"${{{name}}}" not in read] == []
    assert all(re.fullmatch(r"[A-Z_]+=\S+", line) for line in variables(path))


@pytest.mark.skipif(not DATA.is_file(), reason="the published types of Azure's resources are not here")
@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_makes_a_valid_deployment(path):
    """Each resource is as its published type wants it."""
    assert check(planned(path)) == []


def test_prod_loses_no_event_to_a_cold_start():
    """One instance for events always runs, and storage is over zones."""
    plan = planned(ROOT / "infra" / "presets" / "prod.env")
    (site,) = made(plan, "Microsoft.Web/sites")
    scale = site.body["properties"]["functionAppConfig"]["scaleAndConcurrency"]
    assert scale["alwaysReady"] == [{"name": "blob", "instanceCount": 1}]
    assert made(plan, "Microsoft.Storage/storageAccounts")[0].body["sku"] == {"name": "Standard_ZRS"}


def test_private_is_reached_by_nobody_and_reads_nothing_unscanned():
    """Storage and model are shut, uploads are scanned, and the app knows that it has to wait."""
    plan = planned(ROOT / "infra" / "presets" / "private.env")
    for kind in ("Microsoft.Storage/storageAccounts", "Microsoft.CognitiveServices/accounts"):
        assert made(plan, kind)[0].body["properties"]["publicNetworkAccess"] == "Disabled"
    assert made(plan, "Microsoft.Security/defenderForStorageSettings")
    settings = next(one for one in made(plan, "Microsoft.Web/sites/config") if one.body["name"] == "appsettings")
    assert settings.body["properties"]["MALWARE_SCANNING"] == "true"
