"""What no compiler on this machine looks at: types, names, arguments, queries."""

from __future__ import annotations

from tests.infra.mutations.mutation import (
    ACCESS,
    ALERTS,
    APP,
    EVENTS,
    MAIN,
    MODEL,
    MONITORING,
    NETWORK,
    PRIVATE_ENDPOINT,
    STORAGE,
    Mutation,
)

TEMPLATE_MUTATIONS = (
    Mutation("syntax", MAIN, "param location string", "param location string =", "cannot be read"),
    Mutation("syntax", MODEL, "kind: 'AIServices'", "kind: 'AIServices", "cannot be read"),
    Mutation(
        "published types", STORAGE, "storageAccounts@2025-06-01' =", "storageAccounts@2019-01-01' =", "unknown type"
    ),
    Mutation("published types", STORAGE, "allowSharedKeyAccess", "allowSharedKeysAccess", "is unknown"),
    Mutation("published types", STORAGE, "  kind: 'StorageV2'\n", "", ".kind: is missing"),
    Mutation("published types", STORAGE, "accessTier: 'Hot'", "primaryEndpoints: {}", "is read-only"),
    Mutation("published types", STORAGE, "days: 7", "days: '7'", "is not integer"),
    Mutation(
        "published types", STORAGE, "allowBlobPublicAccess: false", "allowBlobPublicAccess: 'false'", "is not boolean"
    ),
    Mutation("published types", STORAGE, "'TLS1_2'", "'TLS1_4'", "is not one of"),
    Mutation("published types", STORAGE, "? 'Deny' : 'Allow'", "? 'Deny' : 'Permit'", "'Permit' is not one of"),
    Mutation("published types", STORAGE, "blobTypes: [", "blobKinds: [", "is unknown"),
    Mutation(
        "published types",
        STORAGE,
        "      rules: [\n        for rule",
        "      rule: [\n        for rule",
        "rules: is missing",
    ),
    Mutation(
        "published types", EVENTS, "endpointType: 'WebHook'", "endpointType: 'Webhook'", "'Webhook' is not one of"
    ),
    Mutation("published types", EVENTS, "endpointUrl:", "url:", "is unknown"),
    Mutation(
        "published types",
        ALERTS,
        "operator: 'GreaterThan'\n            threshold",
        "operator: 'More'\n            threshold",
        "'More'",
    ),
    Mutation(
        "published types", ALERTS, "contactEmails: alertEmails", "contacts: alertEmails", "contactEmails: is missing"
    ),
    Mutation("published types", APP, "name: 'appsettings'", "name: 'settings'", "is not one of"),
    Mutation("published types", APP, "MAX_OUTPUT_TOKENS: '1000'", "MAX_OUTPUT_TOKENS: 1000", "is not string"),
    Mutation(
        "published types", APP, "instanceMemoryMB: instanceMemoryMB", "instanceMemoryMB: '2048'", "is not integer"
    ),
    Mutation("published types", MODEL, "capacity: modelCapacity", "capacity: restore", "is not integer"),
    Mutation("published types", PRIVATE_ENDPOINT, "privateDnsZoneConfigs: [", "privateDnsZoneGroup: [", "is unknown"),
    Mutation("published types", ALERTS, "WebtestLocationAvailabilityCriteria", "WebtestCriteria", "is not one of"),
    Mutation(
        "published types",
        APP,
        "instanceMemoryMB: instanceMemoryMB",
        "instanceMemoryMB: '${location}'",
        "is not integer",
    ),
    Mutation(
        "published types",
        NETWORK,
        "registrationEnabled: false",
        "registrationEnabled: storageServices",
        "is not boolean",
    ),
    Mutation("published types", APP, "type: 'RollingUpdate'", "type: 'Rolling'", "'Rolling' is not one of"),
    Mutation("published types", APP, "{ name: 'blob', instanceCount:", "{ name: 'blob', instances:", "is unknown"),
    Mutation(
        "published types",
        STORAGE,
        "capGBPerMonth: malwareScanCapGb",
        "capGBPerMonth: '${malwareScanCapGb}'",
        "is not integer",
    ),
    Mutation(
        "published types",
        MAIN,
        "sku: zoneRedundant ? 'Standard_ZRS' : storageSku",
        "sku: zoneRedundant ? 'ZRS' : storageSku",
        "'ZRS' is not one of",
    ),
    Mutation(
        "published types",
        MAIN,
        "modelCapacity: modelCapacity",
        "modelCapacity: max(modelCapacity, 1) > 1",
        "is not integer",
    ),
    Mutation("published reads", APP, "properties.defaultHostName", "properties.hostName", "hostName"),
    Mutation("published reads", ACCESS, "topic.identity.principalId", "topic.principalId", "topic."),
    Mutation(
        "known before",
        MAIN,
        "storageName: names.storage\n    topicName: topicName\n    modelAccountName",
        "storageName: storage.outputs.name\n    topicName: topicName\n    modelAccountName",
        "access.storageName is known only",
    ),
    Mutation(
        "known before",
        MAIN,
        "identityName: identity.name\n    storageName",
        "identityName: identity.properties.clientId\n    storageName",
        "app.identityName is known only",
    ),
    Mutation("names", MAIN, "tags: tags\n}\n\nmodule", "tags: tag\n}\n\nmodule", "tag is not declared"),
    Mutation("names", MAIN, "var token =", "var spare = 'x'\nvar token =", "spare is never used"),
    Mutation("names", MAIN, "uniqueString(", "uniqeString(", "no function uniqeString"),
    Mutation(
        "names",
        STORAGE,
        "param workspaceId string",
        "param workspaceId string\nparam workspaceId string",
        "declared twice",
    ),
    Mutation("names", APP, "output url string", "output url string = 'x'\noutput url string", "declared twice"),
    Mutation("shape", STORAGE, "parent: queueService\n", "parent: tableService\n", "queues stands under tableService"),
    Mutation("shape", STORAGE, "    parent: tableService\n", "", "tables stands under nothing"),
    Mutation("shape", NETWORK, "name: 'pep-${service}-${token}'", "name: 'pep-${token}'", "all are named"),
    Mutation("shape", PRIVATE_ENDPOINT, "        name: 'zone${index}'", "        name: 'zone'", "all are named 'zone'"),
    Mutation(
        "shape",
        MONITORING,
        "loadTextContent('../workbook.json')",
        "loadTextContent('../workbooks.json')",
        "no ../workbooks.json",
    ),
    Mutation(
        "shape",
        STORAGE,
        "prefixMatch: [\n                '${rule.container}/'",
        "prefixMatch: [\n                '${rule.containers}/'",
        "rule.containers is not in every",
    ),
    Mutation(
        "shape",
        MAIN,
        "module storage 'modules/storage.bicep' = {\n  name: 'storage'",
        "module storage 'modules/storage.bicep' = {\n  name: 'monitoring'",
        "two modules are deployed as monitoring",
    ),
    Mutation("shape", NETWORK, "modelZones[2]", "modelZones[3]", "modelZones[3] is beyond"),
    Mutation(
        "conditions",
        MAIN,
        "output AZURE_LOCATION string = location",
        "output AZURE_LOCATION string = vision.outputs.place",
        "vision is read where it may be absent",
    ),
    Mutation("modules", MAIN, "    restore: restoreModelAccount\n", "", "restore of model.bicep is not given"),
    Mutation("modules", MAIN, "restore: restoreModelAccount", "restored: restoreModelAccount", "is no parameter"),
    Mutation("modules", MAIN, "restore: restoreModelAccount", "restore: modelName", "not of type bool"),
    Mutation("modules", MAIN, "modules/alerts.bicep", "modules/alarms.bicep", "there is no modules/alarms.bicep"),
    Mutation("modules", APP, "@secure()\n", "", "is secure here, but not in app.bicep"),
    Mutation("modules", MAIN, "app.outputs.url", "app.outputs.address", "no output address"),
    Mutation("modules", APP, "output url string =", "output url int =", "is text, not int"),
    Mutation(
        "modules",
        MAIN,
        "    storageName: names.storage\n    telemetryName: names.telemetry\n    modelAccountName: names.model",
        "    storageName: names.model\n    telemetryName: names.telemetry\n    modelAccountName: names.storage",
        "storageName is given names.model, which is something else",
    ),
    Mutation(
        "modules",
        MAIN,
        "    alwaysReadyBlob: zoneRedundant ? max(alwaysReadyBlob, 2) : alwaysReadyBlob",
        "    alwaysReadyBlob: alwaysReadyHttp",
        "which is something else",
    ),
    Mutation("parameters file", "infra/main.parameters.json", '"modelName"', '"model"', "is no parameter"),
    Mutation("parameters file", "infra/main.parameters.json", "${MODEL_SKU}", "${MODEL_NAME}", "sets two"),
    Mutation("parameters file", "infra/main.parameters.json", "${MODEL_SKU}", "Standard", "not one variable"),
    Mutation(
        "parameter defaults", MAIN, "modelSku string = 'GlobalStandard'", "modelSku string = 'Global'", "not allowed"
    ),
    Mutation("parameter defaults", MAIN, "modelCapacity int = 50", "modelCapacity int = '50'", "not int"),
    Mutation(
        "parameter defaults",
        MAIN,
        "param maximumInstanceCount int = 40",
        "param maximumInstanceCount int = 4000",
        "outside 1..1000",
    ),
    Mutation(
        "model quota", MAIN, "param modelName string = 'gpt-5.1'", "param modelName string = 'gpt-5.5'", "usageName"
    ),
    Mutation(
        "model quota",
        MAIN,
        "location: modelLocation\n    tags: tags\n    accountName: names.model",
        "location: location\n    tags: tags\n    accountName: names.model",
        "not in modelLocation",
    ),
    Mutation("workbook", "infra/workbook.json", "== 'finished'", "== 'completed'", "the event 'completed'"),
    Mutation("workbook", "infra/workbook.json", "facts.usd", "facts.cost_usd", "the field 'cost_usd'"),
    Mutation("workbook", ALERTS, "severity: 1\n    threshold: 0", "severity: 9\n    threshold: 0", "severity 9"),
    Mutation("workbook", "infra/workbook.json", '"type": 3', '"type": 4', "of type 4"),
    Mutation(
        "workbook", ALERTS, "'AppTraces | where _ResourceId", "'AppTrace | where _ResourceId", "no table AppTrace"
    ),
    Mutation("workbook", ALERTS, '"not_authorized"', '"unauthorized"', "no wait has the code 'unauthorized'"),
)
