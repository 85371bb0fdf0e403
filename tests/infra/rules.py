"""What the templates promise about single values, one row each."""

from __future__ import annotations

from dataclasses import dataclass

from tests.infra.bicep_values import Resource, Template

ABSENT = "absent"


class Code(str):
    """What is computed, as its text; a plain string stands for itself."""

    __slots__ = ()


PRIVATE = Code("privateNetworking ? 'Disabled' : 'Enabled'")

STORAGE = "Microsoft.Storage/storageAccounts"

SITES = "Microsoft.Web/sites"

AI = "Microsoft.CognitiveServices/accounts"

ROLES = "Microsoft.Authorization/roleAssignments"

PLANS = "Microsoft.Web/serverfarms"

PACKAGE = "properties.functionAppConfig.parts.0.deployment.storage"

SCALE = "properties.functionAppConfig.parts.0.scaleAndConcurrency"

PACKAGES = Code("'https://${storageName}.blob.${environment().suffixes.storage}/app-package'")

TOPICS = "Microsoft.EventGrid/systemTopics"

SUBSCRIPTIONS = f"{TOPICS}/eventSubscriptions"

WEBHOOK = Code(
    "'https://${app.properties.defaultHostName}/runtime/webhooks/blobs?functionName=Host.Functions.${functionName}"
    "&code=${listKeys('${app.id}/host/default', '2024-11-01').systemKeys.blobs_extension}'"
)

DIAGNOSTICS = "Microsoft.Insights/diagnosticSettings"

QUERIES = "Microsoft.Insights/scheduledQueryRules"

METRICS = "Microsoft.Insights/metricAlerts"

TESTS = "Microsoft.Insights/webtests"

DEFENDER = "Microsoft.Security/defenderForStorageSettings"

LOCKS = "Microsoft.Authorization/locks"

NETWORKS = "Microsoft.Network/virtualNetworks"

ZONES = "Microsoft.Network/privateDnsZones"

ENDPOINTS = "Microsoft.Network/privateEndpoints"

DELEGATION = "properties.subnets.0.properties.delegations.0.properties"


@dataclass(frozen=True, slots=True)
class Rule:
    """Every resource of the type has this value at this path; `where` narrows it to a file, a symbol or a name."""

    type: str
    path: str
    value: object
    where: str = ""

    def is_about(self, template: Template, resource: Resource) -> bool:
        named = f"{template.path.name} {resource.symbol} {resource.body.get('name')}"
        return resource.type == self.type and self.where in named


RULES = (
    Rule(STORAGE, "properties.allowSharedKeyAccess", False),
    Rule(STORAGE, "properties.defaultToOAuthAuthentication", True),
    Rule(STORAGE, "properties.allowBlobPublicAccess", False),
    Rule(STORAGE, "properties.allowCrossTenantReplication", False),
    Rule(STORAGE, "properties.minimumTlsVersion", "TLS1_2"),
    Rule(STORAGE, "properties.supportsHttpsTrafficOnly", True),
    Rule(STORAGE, "properties.publicNetworkAccess", PRIVATE),
    Rule(STORAGE, "properties.networkAcls.defaultAction", Code("privateNetworking ? 'Deny' : 'Allow'")),
    Rule(STORAGE, "properties.isHnsEnabled", ABSENT),
    Rule(f"{STORAGE}/blobServices", "properties.deleteRetentionPolicy.enabled", True),
    Rule(f"{STORAGE}/blobServices", "properties.containerDeleteRetentionPolicy.enabled", True),
    Rule(f"{STORAGE}/blobServices/containers", "properties.publicAccess", "None"),
    Rule(AI, "properties.disableLocalAuth", True),
    Rule(AI, "kind", "AIServices", where="model.bicep"),
    Rule(AI, "properties.publicNetworkAccess", PRIVATE, where="model.bicep"),
    Rule(AI, "properties.restrictOutboundNetworkAccess", True, where="model.bicep"),
    Rule(f"{AI}/deployments", "properties.model.name", Code("modelName")),
    Rule(f"{AI}/deployments", "properties.model.version", Code("modelVersion")),
    Rule(f"{AI}/deployments", "sku.name", Code("modelSku")),
    Rule(f"{AI}/deployments", "sku.capacity", Code("modelCapacity")),
    Rule("Microsoft.Insights/components", "properties.DisableLocalAuth", True),
    Rule("Microsoft.OperationalInsights/workspaces", "properties.features.disableLocalAuth", True),
    Rule("Microsoft.OperationalInsights/workspaces", "properties.workspaceCapping.dailyQuotaGb", Code("logCapGb")),
    Rule(SITES, "properties.httpsOnly", True),
    Rule(SITES, "properties.siteConfig.minTlsVersion", "1.2"),
    Rule(SITES, "properties.siteConfig.scmMinTlsVersion", "1.2"),
    Rule(SITES, "properties.siteConfig.remoteDebuggingEnabled", False),
    Rule(SITES, f"{PACKAGE}.authentication.type", "UserAssignedIdentity"),
    Rule(SITES, "properties.functionAppConfig.parts.0.runtime.name", "python"),
    Rule(f"{SITES}/basicPublishingCredentialsPolicies", "properties.allow", False),
    Rule("Microsoft.EventGrid/systemTopics", "identity.type", "SystemAssigned"),
    # what Flex Consumption asks for
    Rule(PLANS, "sku.name", "FC1"),
    Rule(PLANS, "sku.tier", "FlexConsumption"),
    Rule(PLANS, "properties.reserved", True),
    Rule(PLANS, "properties.zoneRedundant", Code("zoneRedundant")),
    Rule(SITES, "kind", "functionapp,linux"),
    Rule(SITES, f"{SCALE}.triggers.http.perInstanceConcurrency", Code("httpConcurrency")),
    Rule(SITES, f"{SCALE}.instanceMemoryMB", Code("instanceMemoryMB")),
    Rule(SITES, f"{SCALE}.maximumInstanceCount", Code("maximumInstanceCount")),
    Rule(SITES, f"{PACKAGE}.type", "blobContainer"),
    Rule(SITES, f"{PACKAGE}.value", PACKAGES),
    Rule(SITES, f"{PACKAGE}.authentication.userAssignedIdentityResourceId", Code("identity.id")),
    Rule(f"{SITES}/config", "properties.globalValidation.requireAuthentication", True, where="authsettingsV2"),
    Rule(
        f"{SITES}/config",
        "properties.globalValidation.unauthenticatedClientAction",
        "Return401",
        where="authsettingsV2",
    ),
    # upload events reach the blob trigger, and nothing that is lost is lost without a trace
    Rule(TOPICS, "properties.source", Code("account.id")),
    Rule(TOPICS, "properties.topicType", "Microsoft.Storage.StorageAccounts"),
    Rule(SUBSCRIPTIONS, "properties.eventDeliverySchema", "EventGridSchema"),
    Rule(SUBSCRIPTIONS, "properties.destination.properties.endpointUrl", WEBHOOK),
    Rule(SUBSCRIPTIONS, "properties.filter.includedEventTypes.0", "Microsoft.Storage.BlobCreated"),
    Rule(SUBSCRIPTIONS, "properties.retryPolicy.maxDeliveryAttempts", 30),
    Rule(SUBSCRIPTIONS, "properties.retryPolicy.eventTimeToLiveInMinutes", 1440),
    Rule(
        SUBSCRIPTIONS,
        "properties.deadLetterWithResourceIdentity.deadLetterDestination.properties.blobContainerName",
        Code("deadLetterContainer"),
    ),
    # the model account
    Rule(AI, "sku.name", "S0", where="model.bicep"),
    Rule(AI, "properties.customSubDomainName", Code("accountName")),
    Rule(AI, "properties.restore", Code("restore"), where="model.bicep"),
    Rule(f"{AI}/deployments", "properties.versionUpgradeOption", "OnceCurrentVersionExpired"),
    Rule(DIAGNOSTICS, "dependsOn.0", Code("deployment"), where="model.bicep"),  # two writers at once are a conflict
    # who is told what
    Rule(DIAGNOSTICS, "scope", Code("blobs"), where="storage.bicep audit"),
    Rule(DIAGNOSTICS, "scope", Code("topic"), where="storage.bicep topicFailures"),
    Rule(DIAGNOSTICS, "properties.logs.0.category", "DeliveryFailures", where="storage.bicep topicFailures"),
    Rule("Microsoft.OperationalInsights/workspaces", "properties.retentionInDays", 30),
    Rule("Microsoft.Insights/components", "properties.WorkspaceResourceId", Code("workspaceId")),
    Rule("Microsoft.Insights/workbooks", "name", Code("guid(telemetry.id, 'visiondrop')")),
    Rule(DIAGNOSTICS, "properties.logs", Code("storageAudit"), where="storage.bicep audit"),
    # Azure allows no second topic: Defender uses the one that is there, and the verdicts need none
    Rule(DEFENDER, "dependsOn.0", Code("topic")),
    Rule(DEFENDER, "properties.malwareScanning.scanResultsEventGridTopicResourceId", ABSENT),
    Rule(DEFENDER, "properties.malwareScanning.blobScanResultsOptions", "blobIndexTags"),
    Rule(DEFENDER, "properties.malwareScanning.onUpload.capGBPerMonth", Code("malwareScanCapGb")),
    Rule(LOCKS, "properties.level", "CanNotDelete"),
    Rule(LOCKS, "scope", Code("account")),
    Rule(QUERIES, "properties.severity", Code("alert.severity")),
    Rule(QUERIES, "properties.scopes.0", Code("workspaceId")),
    Rule(QUERIES, "properties.evaluationFrequency", "PT15M"),
    Rule(QUERIES, "properties.windowSize", "PT15M"),
    Rule(QUERIES, "properties.overrideQueryTimeRange", Code("alert.lookBack")),
    Rule(METRICS, "properties.scopes.0", Code("healthTest.id")),
    Rule(METRICS, "properties.evaluationFrequency", "PT15M"),
    Rule(METRICS, "properties.criteria.webTestId", Code("healthTest.id")),
    Rule(METRICS, "properties.criteria.failedLocationCount", 2),
    Rule(TESTS, "properties.Frequency", 900),
    Rule(TESTS, "properties.ValidationRules.ExpectedHttpStatusCode", 200),
    Rule("Microsoft.Consumption/budgets", "properties.timePeriod.startDate", Code("budgetStartDate")),
    # storage
    Rule(STORAGE, "properties.sasPolicy.sasExpirationPeriod", "0.04:00:00"),
    Rule(STORAGE, "properties.networkAcls.bypass", "AzureServices"),
    Rule(
        f"{STORAGE}/managementPolicies",
        "properties.policy.rules.each.definition.actions.baseBlob.delete.daysAfterModificationGreaterThan",
        Code("max(rule.days, 1)"),  # 0 would delete what is a day old
    ),
    # private networking
    Rule(NETWORKS, "properties.subnets.0.name", "app"),
    Rule(NETWORKS, f"{DELEGATION}.serviceName", "Microsoft.App/environments"),
)

NEEDED_ONCE = (
    f"{STORAGE}/managementPolicies",
    f"{SITES}/basicPublishingCredentialsPolicies",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions",
    "Microsoft.Consumption/budgets",
    "Microsoft.Insights/scheduledQueryRules",
    "Microsoft.Insights/workbooks",
)
