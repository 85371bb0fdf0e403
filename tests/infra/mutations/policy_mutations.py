"""What the templates promise: no keys, narrow roles, one topic, private addresses."""

from __future__ import annotations

from tests.infra.mutations.mutation import ACCESS, ALERTS, APP, MAIN, NETWORK, STORAGE, Mutation

POLICY_MUTATIONS = (
    Mutation(
        "private network", MAIN, "= if (privateNetworking) {", "= if (!privateNetworking) {", "there is no network"
    ),
    Mutation("settled", STORAGE, "accessTier: 'Hot'", "isHnsEnabled: true", "isHnsEnabled"),
    Mutation("settled", ALERTS, "Microsoft.Consumption/budgets@", "Microsoft.Consumption/x@", "there is no"),
    Mutation("roles", ACCESS, "5e0bd9bd-7b93", "b24988ac-6180", "not among the known"),
    Mutation("roles", ACCESS, "scope: telemetry\n", "scope: resourceGroup()\n", "is more than"),
    Mutation(
        "roles",
        MAIN,
        "module access",
        "resource r 'Microsoft.Authorization/roleAssignments@2022-04-01' = {\n  name: 'x'\n}\nmodule access",
        "belong in access.bicep",
    ),
    Mutation(
        "roles",
        ACCESS,
        "  scope: storage::blobs::uploads\n",
        "  scope: storage\n",
        "personPrincipalId storage storageBlobDataContributor is more than",
    ),
    Mutation(
        "roles",
        ACCESS,
        "roles.storageBlobDataContributor",
        "roles.storageBlobDataOwner",
        "storage::blobs::deadLetters storageBlobDataOwner is more than",
    ),
    Mutation(
        "roles", ACCESS, "  roles.storageQueueDataContributor\n", "", "storageQueueDataContributor is not granted"
    ),
    Mutation(
        "roles",
        ACCESS,
        "resource appModel 'Microsoft.Authorization/roleAssignments@2022-04-01' = {",
        "resource appModel 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (false) {",
        "is made if 'false'",
    ),
    Mutation(
        "roles",
        ACCESS,
        "      principalType: 'ServicePrincipal'",
        "      principalType: 'User'",
        "its principal is of type ServicePrincipal",
    ),
    Mutation(
        "roles",
        ACCESS,
        "'Microsoft.Authorization/roleDefinitions', role)",
        "'Microsoft.Authorization/roleDefinition', role)",
        "is no role definition",
    ),
    Mutation("roles", ACCESS, "guid(telemetry.id, app.id,", "guid(telemetry.id, topic.id,", "not made of"),
    Mutation(
        "roles",
        ACCESS,
        "    principalId: app.properties.principalId\n    principalType: 'ServicePrincipal'\n  }\n}\n\n"
        "resource appTelemetry",
        "    principalId: personPrincipalId\n    principalType: 'ServicePrincipal'\n  }\n}\n\nresource appTelemetry",
        "personPrincipalId modelAccount",
    ),
    Mutation(
        "roles",
        MAIN,
        "  dependsOn: [\n    access\n    network\n  ]",
        "  dependsOn: [\n    network\n  ]",
        "does not wait for its roles",
    ),
    Mutation("resource names", MAIN, "storage: 'st${token}'", "storage: 'st-${token}'", "does not take the name st-"),
    Mutation(
        "resource names",
        MAIN,
        "storage: 'st${token}'",
        "storage: 'visiondropstorage${token}'",
        "does not take the name visiondropstorage",
    ),
    Mutation("resource names", MAIN, "app: 'func-${token}'", "app: 'func_${token}'", "does not take the name func_"),
    Mutation("resource names", MAIN, "model: 'ai-${token}'", "model: 'ai'", "ai is not unique"),
    Mutation(
        "resource names",
        MAIN,
        "uniqueString(resourceGroup().id, environmentName)",
        "uniqueString(environmentName)",
        "the token is",
    ),
    Mutation("private network", NETWORK, "  'queue'\n", "", "not its services"),
    Mutation(
        "private network",
        NETWORK,
        "  'privatelink.services.ai.azure.com'\n",
        "  'privatelink.service.ai.azure.com'\n",
        "not its zones",
    ),
    Mutation("private network", NETWORK, "addressPrefix: '10.0.1.0/24'", "addressPrefix: '10.0.0.128/25'", "overlap"),
    Mutation("private network", NETWORK, "addressPrefix: '10.0.1.0/24'", "addressPrefix: '10.1.1.0/24'", "is outside"),
    Mutation("private network", NETWORK, "groupId: 'account'", "groupId: 'accounts'", "not its services"),
    Mutation("private network", MAIN, "names.network, 'app')", "names.network, 'endpoints')", "the app goes into"),
    Mutation(
        "private network", NETWORK, "'${zonesIn}/${modelZones[2]}'", "'${zonesIn}/${modelZones[1]}'", "not its zones"
    ),
    Mutation(
        "private network",
        NETWORK,
        "var storageZonesMade = empty(privateDnsZonesGroupId) ? storageServices : []",
        "var storageZonesMade = storageServices",
        "though the company has them",
    ),
    Mutation(
        "private network",
        NETWORK,
        "? resourceGroup().id : privateDnsZonesGroupId}",
        "? resourceGroup().id : resourceGroup().id}",
        "is not the company's zone",
    ),
    Mutation("everywhere", STORAGE, "scope: queueService", "scope: account", "has no diagnostic setting"),
    Mutation("everywhere", STORAGE, "    category: 'StorageDelete'", "    category: 'StorageRead'", "audited are"),
    Mutation(
        "one topic",
        MAIN,
        "empty(eventTopicName) ? names.topic : eventTopicName",
        "names.topic",
        "are made beside theirs",
    ),
    Mutation("zones", MAIN, "max(alwaysReadyHttp, 2)", "max(alwaysReadyHttp, 1)", "always ready are"),
    Mutation(
        "zones",
        MAIN,
        "sku: zoneRedundant ? 'Standard_ZRS' : storageSku",
        "sku: storageSku",
        "the storage is in one zone",
    ),
    Mutation("zones", APP, "zoneRedundant: zoneRedundant", "zoneRedundant: false", "the plan is in one zone"),
    Mutation(
        "no secrets out",
        APP,
        "output url string",
        "output key string = listKeys(app.id, '2024-11-01').functionKeys.default\noutput url string",
        "may hold a secret",
    ),
    Mutation(
        "no secrets out",
        APP,
        "'https://${app.properties.defaultHostName}'\n",
        "telemetry.properties.ConnectionString\n",
        "may hold a secret",
    ),
)
