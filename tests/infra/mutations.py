"""Ways to break the infrastructure, one a row, each with the check that has to notice and what it then says."""

from __future__ import annotations

from dataclasses import dataclass

MAIN = "infra/main.bicep"
MODULES = "infra/modules"
FLOWS = ".github/workflows"


@dataclass(frozen=True, slots=True)
class Mutation:
    """`old` stands in the file; with `new` in its place the check finds something that contains `says`."""

    check: str
    file: str
    old: str
    new: str
    says: str


def types(file: str, old: str, new: str, says: str) -> Mutation:
    return Mutation("published types", f"{MODULES}/{file}", old, new, says)


MUTATIONS = (
    Mutation("syntax", MAIN, "param location string", "param location string =", "cannot be read"),
    Mutation("syntax", f"{MODULES}/model.bicep", "kind: 'AIServices'", "kind: 'AIServices", "cannot be read"),
    types("storage.bicep", "storageAccounts@2025-06-01' =", "storageAccounts@2019-01-01' =", "unknown type"),
    types("storage.bicep", "allowSharedKeyAccess", "allowSharedKeysAccess", "is unknown"),
    types("storage.bicep", "  kind: 'StorageV2'\n", "", ".kind: is missing"),
    types("storage.bicep", "accessTier: 'Hot'", "primaryEndpoints: {}", "is read-only"),
    types("storage.bicep", "days: 7", "days: '7'", "is not integer"),
    types("storage.bicep", "allowBlobPublicAccess: false", "allowBlobPublicAccess: 'false'", "is not boolean"),
    types("storage.bicep", "'TLS1_2'", "'TLS1_4'", "is not one of"),
    types("storage.bicep", "? 'Deny' : 'Allow'", "? 'Deny' : 'Permit'", "'Permit' is not one of"),
    types("storage.bicep", "blobTypes: [", "blobKinds: [", "is unknown"),
    types("storage.bicep", "      rules: [\n        for rule", "      rule: [\n        for rule", "rules: is missing"),
    types("events.bicep", "endpointType: 'WebHook'", "endpointType: 'Webhook'", "'Webhook' is not one of"),
    types("events.bicep", "endpointUrl:", "url:", "is unknown"),
    types(
        "alerts.bicep",
        "operator: 'GreaterThan'\n            threshold",
        "operator: 'More'\n            threshold",
        "'More'",
    ),
    types("alerts.bicep", "contactEmails: alertEmails", "contacts: alertEmails", "contactEmails: is missing"),
    types("alerts.bicep", "SingleResourceMultipleMetricCriteria", "SingleMetric", "is not one of"),
    types("app.bicep", "name: 'appsettings'", "name: 'settings'", "is not one of"),
    types("app.bicep", "MAX_OUTPUT_TOKENS: '1000'", "MAX_OUTPUT_TOKENS: 1000", "is not string"),
    types("app.bicep", "instanceMemoryMB: instanceMemoryMB", "instanceMemoryMB: '2048'", "is not integer"),
    types("app.bicep", "instanceMemoryMB: instanceMemoryMB", "instanceMemoryMB: '${location}'", "is text"),
    types("model.bicep", "capacity: modelCapacity", "capacity: restore", "is not integer"),
    types("network.bicep", "registrationEnabled: false", "registrationEnabled: storageServices", "is not boolean"),
    types("private_endpoint.bicep", "privateDnsZoneConfigs: [", "privateDnsZoneGroup: [", "is unknown"),
    Mutation(
        "published reads", f"{MODULES}/app.bicep", "properties.defaultHostName", "properties.hostName", "hostName"
    ),
    Mutation(
        "published reads", f"{MODULES}/storage.bicep", "topic.identity.principalId", "topic.principalId", "topic."
    ),
    Mutation("names", MAIN, "tags: tags\n}\n\nmodule", "tags: tag\n}\n\nmodule", "tag is not declared"),
    Mutation("names", MAIN, "var token =", "var spare = 'x'\nvar token =", "spare is never used"),
    Mutation("modules", MAIN, "    restore: restoreModelAccount\n", "", "restore of model.bicep is not given"),
    Mutation("modules", MAIN, "restore: restoreModelAccount", "restored: restoreModelAccount", "is no parameter"),
    Mutation("modules", MAIN, "restore: restoreModelAccount", "restore: modelName", "not of type bool"),
    Mutation("modules", MAIN, "storage.outputs.topicId", "storage.outputs.topic", "no output topic"),
    Mutation("modules", MAIN, "modules/alerts.bicep", "modules/alarms.bicep", "there is no modules/alarms.bicep"),
    Mutation("modules", f"{MODULES}/app.bicep", "@secure()\n", "", "is secure here, but not in app.bicep"),
    Mutation("parameters file", "infra/main.parameters.json", '"modelName"', '"model"', "is no parameter"),
    Mutation("parameters file", "infra/main.parameters.json", "${MODEL_SKU}", "${MODEL_NAME}", "sets two"),
    Mutation("parameters file", "infra/main.parameters.json", "${MODEL_SKU}", "Standard", "not one variable"),
    Mutation(
        "parameter defaults", MAIN, "modelSku string = 'GlobalStandard'", "modelSku string = 'Global'", "not allowed"
    ),
    Mutation("parameter defaults", MAIN, "modelCapacity int = 50", "modelCapacity int = '50'", "not int"),
    Mutation(
        "model quota", MAIN, "param modelName string = 'gpt-5.1'", "param modelName string = 'gpt-5.5'", "usageName"
    ),
    Mutation("workbook", "infra/workbook.json", "== 'finished'", "== 'completed'", "the event 'completed'"),
    Mutation("workbook", "infra/workbook.json", "facts.usd", "facts.cost_usd", "the field 'cost_usd'"),
    Mutation("settled", f"{MODULES}/storage.bicep", "accessTier: 'Hot'", "isHnsEnabled: true", "isHnsEnabled"),
    Mutation(
        "settled",
        f"{MODULES}/alerts.bicep",
        "Microsoft.Consumption/budgets@",
        "Microsoft.Consumption/x@",
        "there is no",
    ),
    Mutation("roles", f"{MODULES}/access.bicep", "5e0bd9bd-7b93", "b24988ac-6180", "not among the known"),
    Mutation("roles", f"{MODULES}/access.bicep", "scope: telemetry\n", "scope: resourceGroup()\n", "is more than"),
    Mutation(
        "roles",
        f"{MODULES}/access.bicep",
        "guid(telemetry.id, appPrincipalId,",
        "guid(telemetry.id, roles,",
        "not made of",
    ),
    Mutation(
        "roles",
        MAIN,
        "module access",
        "resource r 'Microsoft.Authorization/roleAssignments@2022-04-01' = {\n  name: 'x'\n}\nmodule access",
        "belong in access.bicep",
    ),
    Mutation(
        "no secrets out",
        f"{MODULES}/app.bicep",
        "output name string",
        "output key string = storage.listKeys().keys[0].value\noutput name string",
        "may hold a secret",
    ),
    Mutation(
        "no secrets out",
        f"{MODULES}/monitoring.bicep",
        "telemetry.name",
        "telemetry.properties.ConnectionString",
        "may hold a secret",
    ),
    Mutation("settings complete", f"{MODULES}/app.bicep", "      VISION_MODEL: modelName\n", "", "reads VISION_MODEL"),
    Mutation("settings complete", f"{MODULES}/app.bicep", "VISION_MODEL:", "MODEL:", "sets MODEL, which nothing reads"),
    Mutation(
        "settings complete",
        f"{MODULES}/app.bicep",
        "DEFAULT_DETAIL: 'high'",
        "DEFAULT_DETAIL: 'best'",
        "refuse its settings",
    ),
    Mutation(
        "settings complete", MAIN, "modelName string = 'gpt-5.1'", "modelName string = 'gpt-0'", "refuse its settings"
    ),
    Mutation(
        "settings complete",
        f"{MODULES}/app.bicep",
        "VISION_DEPLOYMENTS: ''",
        "VISION_DEPLOYMENTS: ''\n      AZURE_OPENAI_API_KEY: 'k'",
        "a key",
    ),
    Mutation(
        "forbidden settings", f"{MODULES}/app.bicep", "AZURE_CLIENT_ID:", "FUNCTIONS_WORKER_RUNTIME:", "not for Flex"
    ),
    Mutation(
        "forbidden settings",
        f"{MODULES}/app.bicep",
        "http20Enabled: true",
        "linuxFxVersion: 'x'",
        "siteConfig.linuxFxVersion",
    ),
    Mutation(
        "storage names", f"{MODULES}/storage.bicep", "  'analyze-poison'\n", "", "queueNames lacks analyze-poison"
    ),
    Mutation("storage names", f"{MODULES}/storage.bicep", "'normalized'\n  'results'", "'results'", "lacks normalized"),
    Mutation("storage names", f"{MODULES}/storage.bicep", "  'jobs'\n", "  'job'\n", "lacks jobs"),
    Mutation(
        "events",
        f"{MODULES}/events.bicep",
        "functionName string = 'accept'",
        "functionName string = 'receive'",
        "the code waits for",
    ),
    Mutation("events", f"{MODULES}/events.bicep", "${container}/blobs/'", "${container}'", "the filter"),
    Mutation("events", MAIN, "= if (connectEvents) {", "= {", "held back"),
    Mutation("events", f"{MODULES}/app.bicep", "'/runtime/webhooks/blobs'", "'/runtime'", "shut out"),
    Mutation("zizmor", f"{FLOWS}/ci.yml", "        with:\n          persist-credentials: false\n", "", "credential"),
    Mutation(
        "zizmor",
        f"{FLOWS}/ci.yml",
        './visiondrop "$COMMAND"',
        "./visiondrop ${{ github.event.issue.title }}",
        "injection",
    ),
    Mutation("actionlint", f"{FLOWS}/infra.yml", "needs: staging", "needs: stage", "stage"),
    Mutation(
        "actionlint",
        f"{FLOWS}/deploy.yml",
        "inputs.environment }}\n    concurrency",
        "input.environment }}\n    concurrency",
        "input",
    ),
    Mutation("workflow schema", f"{FLOWS}/ci.yml", "runs-on: ubuntu-24.04", "run-on: ubuntu-24.04", "run-on"),
    Mutation("workflow rules", f"{FLOWS}/ci.yml", "permissions: {}", "permissions: read-all", "not empty at the top"),
    Mutation("workflow rules", f"{FLOWS}/ci.yml", "    timeout-minutes: 30\n", "", "no time limit"),
    Mutation(
        "workflow rules",
        f"{FLOWS}/ci.yml",
        "    permissions:\n      contents: read\n    strategy:\n      fail-fast",
        "    strategy:\n      fail-fast",
        "name its permissions",
    ),
    Mutation("workflow rules", f"{FLOWS}/ci.yml", "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7", "not pinned"),
    Mutation("workflow rules", f"{FLOWS}/ci.yml", "./visiondrop package", "./visiondrop pack", "no command"),
    Mutation(
        "workflow rules",
        f"{FLOWS}/deploy.yml",
        "infra/app_check.py ready",
        "infra/check.py ready",
        "there is no infra/check.py",
    ),
    Mutation("workflow rules", f"{FLOWS}/infra.yml", "pull_request:\n", "pull_request_target:\n", "foreign code"),
    Mutation(
        "workflow rules", f"{FLOWS}/deploy.yml", "--src visiondrop.zip", '--src "${{ github.sha }}"', "inside a script"
    ),
    Mutation("workflow rules", f"{FLOWS}/ci.yml", "persist-credentials: false", "persist-credentials: true", "keeps"),
    Mutation("pins named", f"{FLOWS}/deploy.yml", " # v3.0.1", "", "azure/login"),
    Mutation("azure.yaml", "azure.yaml", "host: function", "host: functions", "host"),
    Mutation("azure.yaml", "azure.yaml", "remoteBuild:", "remotebuild:", "remotebuild"),
    Mutation("host.json", "host.json", '"maxDequeueCount": 5', '"maxDequeueCount": 0', "maxDequeueCount"),
    Mutation("host.json", "host.json", '"functionTimeout"', '"functionsTimeout"', "functionsTimeout"),
    Mutation("azd flow", "azure.yaml", "env set CONNECT_EVENTS true", "env set CONNECT_EVENTS false", "azd up does"),
    Mutation("azd flow", "azure.yaml", 'infra/app_check.py ready "', 'infra/ready.py "', "has no script"),
    Mutation("azd flow", f"{MODULES}/app.bicep", "'azd-service-name': 'app'", "'azd-service-name': 'api'", "is tagged"),
    Mutation("funcignore", ".funcignore", "/*\n", "", "azure.yaml would be deployed"),
    Mutation("funcignore", ".funcignore", "!/shared/**\n", "", "shared/__init__.py: azd and git disagree"),
    Mutation("funcignore", ".funcignore", "!/host.json\n", "", "host.json would not be deployed"),
    # Faults that earlier checks let through, kept so that none comes back
    Mutation(
        "roles",
        f"{MODULES}/access.bicep",
        "  scope: storage::blobs::uploads\n",
        "  scope: storage\n",
        "personPrincipalId storage storageBlobDataContributor is more than",
    ),
    Mutation(
        "roles",
        f"{MODULES}/access.bicep",
        "roles.storageBlobDataContributor",
        "roles.storageBlobDataOwner",
        "storage::blobs::deadLetters storageBlobDataOwner is more than",
    ),
    Mutation(
        "roles",
        f"{MODULES}/access.bicep",
        "  roles.storageQueueDataContributor\n",
        "",
        "storageQueueDataContributor is not granted",
    ),
    Mutation(
        "roles",
        f"{MODULES}/access.bicep",
        "resource appModel 'Microsoft.Authorization/roleAssignments@2022-04-01' = {",
        "resource appModel 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (false) {",
        "is made if 'false'",
    ),
    Mutation(
        "roles",
        f"{MODULES}/access.bicep",
        "    principalId: appPrincipalId\n    principalType: 'ServicePrincipal'\n  }\n}\n\nresource appTelemetry",
        "    principalId: personPrincipalId\n    principalType: 'ServicePrincipal'\n  }\n}\n\nresource appTelemetry",
        "personPrincipalId modelAccount",
    ),
    Mutation(
        "roles",
        f"{MODULES}/access.bicep",
        "      principalType: 'ServicePrincipal'",
        "      principalType: 'User'",
        "its principal is of type ServicePrincipal",
    ),
    Mutation(
        "roles",
        f"{MODULES}/access.bicep",
        "'Microsoft.Authorization/roleDefinitions', role)",
        "'Microsoft.Authorization/roleDefinition', role)",
        "is no role definition",
    ),
    Mutation(
        "storage names",
        f"{MODULES}/access.bicep",
        "name: 'deadletters'",
        "name: 'dead-letters'",
        "no container dead-letters",
    ),
    Mutation(
        "storage names",
        f"{MODULES}/storage.bicep",
        "var deadLetterContainerName = 'deadletters'",
        "var deadLetterContainerName = 'dead-letters'",
        "no container deadletters",
    ),
    Mutation(
        "storage names",
        f"{MODULES}/storage.bicep",
        "    container: 'normalized'",
        "    container: 'normalised'",
        "no container normalised",
    ),
    Mutation(
        "shape",
        f"{MODULES}/storage.bicep",
        "parent: queueService\n",
        "parent: tableService\n",
        "queues stands under tableService",
    ),
    Mutation("shape", f"{MODULES}/storage.bicep", "    parent: tableService\n", "", "tables stands under nothing"),
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
    Mutation("names", MAIN, "uniqueString(", "uniqeString(", "no function uniqeString"),
    Mutation("roles", MAIN, "  dependsOn: [\n    access\n  ]", "", "does not wait for its roles"),
    Mutation("private network", f"{MODULES}/network.bicep", "  'queue'\n", "", "not its services"),
    Mutation(
        "private network",
        f"{MODULES}/network.bicep",
        "  'privatelink.services.ai.azure.com'\n",
        "  'privatelink.service.ai.azure.com'\n",
        "not its zones",
    ),
    Mutation("shape", f"{MODULES}/network.bicep", "aiZones[2].id", "aiZones[3].id", "aiZones[3] is beyond"),
    Mutation(
        "private network", f"{MODULES}/network.bicep", "groupId: 'account'", "groupId: 'accounts'", "is no part of it"
    ),
    Mutation(
        "private network",
        f"{MODULES}/network.bicep",
        "addressPrefix: '10.0.1.0/24'",
        "addressPrefix: '10.0.0.128/25'",
        "overlap",
    ),
    Mutation(
        "private network",
        f"{MODULES}/network.bicep",
        "addressPrefix: '10.0.1.0/24'",
        "addressPrefix: '10.1.1.0/24'",
        "is outside",
    ),
    Mutation(
        "shape", f"{MODULES}/network.bicep", "name: 'pep-${service}-${token}'", "name: 'pep-${token}'", "all are named"
    ),
    Mutation(
        "private network",
        f"{MODULES}/network.bicep",
        "output appSubnetId string = network::appSubnet.id",
        "output appSubnetId string = network::endpointSubnet.id",
        "the app goes into",
    ),
    Mutation(
        "shape",
        f"{MODULES}/private_endpoint.bicep",
        "        name: 'zone${index}'",
        "        name: 'zone'",
        "all are named 'zone'",
    ),
    Mutation(
        "conditions",
        MAIN,
        "subnetId: privateNetworking ? network!.outputs.appSubnetId : ''",
        "subnetId: network.outputs.appSubnetId",
        "network is read",
    ),
    Mutation("conditions", MAIN, "= if (privateNetworking) {", "= if (!privateNetworking) {", "network is read"),
    Mutation(
        "wired settings",
        f"{MODULES}/app.bicep",
        "AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue",
        "AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.blob",
        "AzureWebJobsStorage__queueServiceUri is",
    ),
    Mutation(
        "wired settings",
        f"{MODULES}/app.bicep",
        "AZURE_CLIENT_ID: identity.properties.clientId",
        "AZURE_CLIENT_ID: identity.properties.principalId",
        "AZURE_CLIENT_ID is",
    ),
    Mutation("wired settings", f"{MODULES}/app.bicep", "Authorization=AAD", "Authorization=ADD", "Authorization=ADD"),
    Mutation(
        "wired settings",
        f"{MODULES}/app.bicep",
        "'${identity.id}': {}",
        "'${identity.name}': {}",
        "the identity of the app",
    ),
    Mutation("pythons", MAIN, "param pythonVersion string = '3.12'", "param pythonVersion string = '3.13'", "packed"),
    Mutation("pythons", MAIN, "  '3.13'\n])", "  '3.9'\n])", "others allowed"),
    Mutation(
        "parameter defaults",
        MAIN,
        "param maximumInstanceCount int = 40",
        "param maximumInstanceCount int = 4000",
        "outside 1..1000",
    ),
    Mutation(
        "shape",
        f"{MODULES}/monitoring.bicep",
        "loadTextContent('../workbook.json')",
        "loadTextContent('../workbooks.json')",
        "no ../workbooks.json",
    ),
    Mutation(
        "workbook",
        f"{MODULES}/alerts.bicep",
        "'AppTraces | where Message has",
        "'AppTrace | where Message has",
        "no table AppTrace",
    ),
    Mutation(
        "workbook",
        f"{MODULES}/alerts.bicep",
        "severity: 1\n    threshold: 0",
        "severity: 9\n    threshold: 0",
        "severity 9",
    ),
    Mutation(
        "modules",
        f"{MODULES}/storage.bicep",
        "output topicId string = topic.id",
        "output topicId int = topic.id",
        "is text, not int",
    ),
    Mutation(
        "names",
        f"{MODULES}/storage.bicep",
        "output id string = account.id",
        "output id string = account.id\noutput id string = account.id",
        "declared twice",
    ),
    Mutation(
        "names",
        f"{MODULES}/storage.bicep",
        "param workspaceId string",
        "param workspaceId string\nparam workspaceId string",
        "declared twice",
    ),
    Mutation(
        "shape",
        f"{MODULES}/storage.bicep",
        "prefixMatch: [\n                '${rule.container}/'",
        "prefixMatch: [\n                '${rule.containers}/'",
        "rule.containers is not in every",
    ),
    Mutation(
        "wired settings", f"{MODULES}/model.bicep", ".openai.azure.com'", "openai.azure.com'", "the model is asked at"
    ),
    Mutation(
        "model quota",
        MAIN,
        "location: modelLocation\n    tags: tags\n    accountName: names.model",
        "location: location\n    tags: tags\n    accountName: names.model",
        "not in modelLocation",
    ),
    Mutation(
        "modules", MAIN, "modelDeployment: model.outputs.deployment", "modelDeployment: modelName", "something else"
    ),
    Mutation(
        "modules",
        MAIN,
        "    modelEndpoint: model.outputs.endpoint",
        "    modelEndpoint: model.outputs.deployment",
        "something else",
    ),
    Mutation(
        "shape",
        MAIN,
        "module storage 'modules/storage.bicep' = {\n  name: 'storage'",
        "module storage 'modules/storage.bicep' = {\n  name: 'monitoring'",
        "two modules are deployed as monitoring",
    ),
    Mutation("workbook", "infra/workbook.json", '"type": 3', '"type": 4', "of type 4"),
    Mutation("host agrees", "host.json", '"messageEncoding": "base64"', '"messageEncoding": "none"', "base64"),
    Mutation("host agrees", "host.json", '"functionTimeout": "00:10:00"', '"functionTimeout": "00:01:00"', "too short"),
    Mutation("azd flow", "azure.yaml", "    project: .", "    project: ./src", "./src"),
    Mutation("azd flow", "azure.yaml", "hooks:\n  postdeploy:", "hooks:\n  predeploy:", "not waited for"),
    Mutation("azd flow", "azure.yaml", "remoteBuild: true", "remoteBuild: false", "remoteBuild: False"),
    Mutation("delivery", f"{FLOWS}/infra.yml", "    needs: staging\n", "", "production does not wait for staging"),
    Mutation(
        "delivery",
        f"{FLOWS}/infra.yml",
        "      environment: production",
        "      environment: staging",
        "production deploys to staging",
    ),
    Mutation(
        "delivery",
        f"{FLOWS}/infra.yml",
        "github.event.pull_request.head.repo.full_name == github.repository && ",
        "",
        "what-if is not held back",
    ),
    Mutation("pythons", f"{FLOWS}/infra.yml", "--python 3.12 --check", "--python 3.13 --check", "packed"),
    Mutation(
        "pythons",
        f"{FLOWS}/infra.yml",
        '          REQUIRE_BICEP: "1"\n',
        '          REQUIRE_BICEP: ""\n',
        "without Bicep's compiler",
    ),
    Mutation("delivery", f"{FLOWS}/infra.yml", "github.ref == 'refs/heads/main' && ", "", "staging is not held back"),
    Mutation(
        "delivery",
        f"{FLOWS}/infra.yml",
        "      id-token: write\n    uses: ./.github/workflows/deploy.yml\n    with:\n      environment: staging",
        "    uses: ./.github/workflows/deploy.yml\n    with:\n      environment: staging",
        "staging cannot sign in",
    ),
    Mutation(
        "delivery", f"{FLOWS}/deploy.yml", "      id-token: write # signs in to Azure\n", "", "deploy cannot sign in"
    ),
    Mutation(
        "delivery", f"{FLOWS}/deploy.yml", "    environment: ${{ inputs.environment }}\n", "", "in no environment"
    ),
    Mutation(
        "delivery",
        f"{FLOWS}/deploy.yml",
        '          python3 infra/app_check.py result "$URL" "$NAME"\n',
        "",
        "is never done",
    ),
    Mutation("pythons", f"{FLOWS}/deploy.yml", "APP_PYTHON_VERSION=3.12", "APP_PYTHON_VERSION=3.13", "deployed"),
    Mutation("delivery", f"{FLOWS}/deploy.yml", "CONNECT_EVENTS=true", "CONNECT_EVENTS=false", "is never done"),
    Mutation(
        "pythons", f"{FLOWS}/ci.yml", '          - python: "3.13"\n            command: test\n', "", "others packed"
    ),
    Mutation(
        "delivery", f"{FLOWS}/deploy.yml", "          name: package", "          name: packages", "artifact package"
    ),
)
