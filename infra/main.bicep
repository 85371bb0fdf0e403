// Everything Visiondrop runs on, in one resource group. Each module is one concern; this file only names and connects.
//
// Modules are given names, never another module's outputs: what is known before anything is made is what a plan
// (what-if) can show. Upload events are connected after the code, by events.bicep, because Event Grid calls the running
// app before it accepts it as a destination (docs/decisions/0900-events-by-webhook.md).
targetScope = 'resourceGroup'

@description('Name of this copy of the app; it is part of every unique name')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of everything but the model')
param location string = resourceGroup().location

@description('Region of the model. azd offers those with quota for the default model')
@metadata({
  azd: {
    type: 'location'
    usageName: [
      'OpenAI.GlobalStandard.gpt-5.1,50'
    ]
  }
})
param modelLocation string

@description('The vision model; docs/deploy.md says how to change it')
param modelName string = 'gpt-5.1'

param modelVersion string = '2025-11-13'

@description('Where the model may run: worldwide, in a zone such as the EU, or in modelLocation only')
@allowed([
  'GlobalStandard'
  'DataZoneStandard'
  'Standard'
])
param modelSku string = 'GlobalStandard'

@description('Thousand tokens a minute')
@minValue(1)
param modelCapacity int = 50

@description('Undelete the model account of the same name that was deleted less than 48 hours ago; for one deployment only')
param restoreModelAccount bool = false

@description('A Computer Vision account for the video-index flow. Microsoft retired its video API on 2025-06-30')
param legacyVision bool = false

@allowed([
  '3.11'
  '3.12'
  '3.13'
])
param pythonVersion string = '3.12'

@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('HTTP requests at once on one instance. The platform gives Python 1: each open long poll would hold an instance')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 16

@description('Instances that always run for upload events; they end the wait, and the refusals, of a cold start')
@minValue(0)
param alwaysReadyBlob int = 0

@description('Instances that always run for HTTP')
@minValue(0)
param alwaysReadyHttp int = 0

@description('Replace instances in turn, and let what they do end (a preview, not in every region), instead of all at once')
param rollingUpdate bool = false

@description('Spread the app and its storage over zones; two instances then always run for events and for HTTP')
param zoneRedundant bool = false

@description('Settings of the app by name, such as DAILY_BUDGET_USD; they win over the ones in modules/app.bicep')
@secure()
param appSettings object = {}

@description('Application (client) id of an Entra app registration: callers must then sign in')
param authClientId string = ''

@description('Storage and model reachable only from the app, through private endpoints (about 32 USD a month)')
param privateNetworking bool = false

@description('Id of the resource group that has the private DNS zones, if they are there already; empty makes them here')
param privateDnsZonesGroupId string = ''

@allowed([
  'Standard_LRS'
  'Standard_ZRS'
])
param storageSku string = 'Standard_LRS'

@description('Nobody can delete the storage account, and with it the state of all jobs, until the lock is taken off')
param storageLock bool = false

@description('Defender for Storage scans each upload; the app waits for its verdict before it reads a file')
param malwareScanning bool = false

@description('Gigabytes a month after which Defender scans no more; -1 for no limit')
param malwareScanCapGb int = 100

@description('Name of the system topic that the storage account has already, where a policy or Defender made one: Azure allows no second')
param eventTopicName string = ''

@description('Days after which normalised pictures are deleted; they can be made again from the uploads')
@minValue(1)
param normalizedRetentionDays int = 30

@description('Days after which uploads are deleted; 0 keeps them')
@minValue(0)
param uploadRetentionDays int = 0

@description('Days after which results are deleted; 0 keeps them')
@minValue(0)
param resultRetentionDays int = 0

@description('Id of a Log Analytics workspace to use; empty makes one here')
param logWorkspaceId string = ''

@description('Gigabytes of logs a day after which nothing more is stored; -1 for no limit. Of the workspace made here only')
param logCapGb int = 1

@description('Diagnostic settings on every resource that has them, not only where operations need them')
param diagnosticsEverywhere bool = false

@description('Tags for every resource besides azd-env-name, by name')
param extraTags object = {}

@description('Who may drop files into uploads: an object id, empty for nobody')
param principalId string = ''

@allowed([
  'User'
  'Group'
  'ServicePrincipal'
])
param principalType string = 'User'

@description('Who hears of faults and of money; empty makes no alerts and no budget')
param alertEmails array = []

@description('Minutes that the oldest message may wait for a worker before somebody is told')
@minValue(1)
param oldestMessageMinutes int = 30

@description('Ask the app for its health from outside every 15 minutes; Azure charges each request')
param availabilityTest bool = false

@description('US dollars a month for the resource group; a warning only, DAILY_BUDGET_USD is what stops spending')
@minValue(1)
param monthlyBudgetUsd int = 50

@description('First day of the month in which the budget was made (2026-11-01); Azure never lets it move. Empty makes no budget')
param budgetStartDate string = ''

var token = uniqueString(resourceGroup().id, environmentName)
var tags = union(extraTags, {
  'azd-env-name': environmentName
})
var names = {
  storage: 'st${token}'
  topic: 'evgt-${token}'
  model: 'ai-${token}'
  vision: 'cv-${token}'
  app: 'func-${token}'
  logs: 'log-${token}'
  telemetry: 'appi-${token}'
  identity: 'id-${token}'
  network: 'vnet-${token}'
}
var topicName = empty(eventTopicName) ? names.topic : eventTopicName
var visionAccountName = legacyVision ? names.vision : ''
var workspaceId = empty(logWorkspaceId)
  ? resourceId('Microsoft.OperationalInsights/workspaces', names.logs)
  : logWorkspaceId

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: names.identity
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    location: location
    tags: tags
    workspaceName: empty(logWorkspaceId) ? names.logs : ''
    workspaceId: workspaceId
    telemetryName: names.telemetry
    logCapGb: logCapGb
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    location: location
    tags: tags
    storageName: names.storage
    topicName: topicName
    sku: zoneRedundant ? 'Standard_ZRS' : storageSku
    privateNetworking: privateNetworking
    normalizedRetentionDays: normalizedRetentionDays
    uploadRetentionDays: uploadRetentionDays
    resultRetentionDays: resultRetentionDays
    storageLock: storageLock
    malwareScanning: malwareScanning
    malwareScanCapGb: malwareScanCapGb
    workspaceId: workspaceId
    diagnosticsEverywhere: diagnosticsEverywhere
  }
  dependsOn: [
    monitoring
  ]
}

module model 'modules/model.bicep' = {
  name: 'model'
  params: {
    location: modelLocation
    tags: tags
    accountName: names.model
    modelName: modelName
    modelVersion: modelVersion
    modelSku: modelSku
    modelCapacity: modelCapacity
    restore: restoreModelAccount
    privateNetworking: privateNetworking
    workspaceId: workspaceId
    diagnosticsEverywhere: diagnosticsEverywhere
  }
  dependsOn: [
    monitoring
  ]
}

module vision 'modules/legacy_vision.bicep' = if (legacyVision) {
  name: 'legacy-vision'
  params: {
    location: modelLocation
    tags: tags
    accountName: names.vision
    workspaceId: workspaceId
    diagnosticsEverywhere: diagnosticsEverywhere
  }
  dependsOn: [
    monitoring
  ]
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  params: {
    location: location
    tags: tags
    token: token
    networkName: names.network
    storageName: names.storage
    modelAccountName: names.model
    privateDnsZonesGroupId: privateDnsZonesGroupId
  }
  dependsOn: [
    access // which waits for both accounts: two writers at once are a conflict
  ]
}

module access 'modules/access.bicep' = {
  name: 'access'
  params: {
    storageName: names.storage
    topicName: topicName
    modelAccountName: names.model
    visionAccountName: visionAccountName
    telemetryName: names.telemetry
    identityName: identity.name
    personPrincipalId: principalId
    personPrincipalType: principalType
  }
  dependsOn: [
    storage
    model
    vision
    monitoring
  ]
}

module app 'modules/app.bicep' = {
  name: 'app'
  params: {
    location: location
    tags: tags
    appName: names.app
    identityName: identity.name
    storageName: names.storage
    telemetryName: names.telemetry
    modelAccountName: names.model
    modelName: modelName
    visionAccountName: visionAccountName
    pythonVersion: pythonVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReadyBlob: zoneRedundant ? max(alwaysReadyBlob, 2) : alwaysReadyBlob
    alwaysReadyHttp: zoneRedundant ? max(alwaysReadyHttp, 2) : alwaysReadyHttp
    rollingUpdate: rollingUpdate
    zoneRedundant: zoneRedundant
    malwareScanning: malwareScanning
    appSettings: appSettings
    authClientId: authClientId
    subnetId: privateNetworking
      ? resourceId('Microsoft.Network/virtualNetworks/subnets', names.network, 'app')
      : ''
    workspaceId: workspaceId
    diagnosticsEverywhere: diagnosticsEverywhere
  }
  dependsOn: [
    access
    network
  ]
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmails)) {
  name: 'alerts'
  params: {
    location: location
    tags: tags
    appName: names.app
    telemetryName: names.telemetry
    workspaceId: workspaceId
    alertEmails: alertEmails
    oldestMessageMinutes: oldestMessageMinutes
    availabilityTest: availabilityTest
    monthlyBudgetUsd: monthlyBudgetUsd
    budgetStartDate: budgetStartDate
  }
  dependsOn: [
    app
  ]
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = resourceGroup().name
output AZURE_FUNCTION_NAME string = names.app
output AZURE_FUNCTION_URL string = app.outputs.url
output AZURE_STORAGE_ACCOUNT string = names.storage
output AZURE_EVENT_TOPIC string = topicName
output AZURE_OPENAI_ENDPOINT string = 'https://${names.model}.openai.azure.com'
output AZURE_OPENAI_DEPLOYMENT string = modelName
