// Everything Visiondrop runs on, in one resource group. Each module is one concern; this file only names and connects.
//
// It is deployed twice: before the code with connectEvents=false, and after it with true, because Event Grid calls the
// running app before it accepts it as a destination (docs/decisions/0900-events-by-webhook.md).
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

@description('Undelete the model account of the same name that was deleted less than 48 hours ago')
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

@description('Settings of the app by name, such as DAILY_BUDGET_USD; they win over the ones in modules/app.bicep')
@secure()
param appSettings object = {}

@description('Application (client) id of an Entra app registration: callers must then sign in')
param authClientId string = ''

@description('Storage and model reachable only from the app, through private endpoints (about 32 USD a month)')
param privateNetworking bool = false

@allowed([
  'Standard_LRS'
  'Standard_ZRS'
])
param storageSku string = 'Standard_LRS'

@description('Days after which normalised pictures are deleted; they can be made again from the uploads')
@minValue(1)
param normalizedRetentionDays int = 30

@description('Days after which uploads are deleted; 0 keeps them')
@minValue(0)
param uploadRetentionDays int = 0

@description('Days after which results are deleted; 0 keeps them')
@minValue(0)
param resultRetentionDays int = 0

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

@description('US dollars a month for the resource group; a warning only, DAILY_BUDGET_USD is what stops spending')
@minValue(1)
param monthlyBudgetUsd int = 50

@description('First day of the month in which the budget was made (2026-11-01); Azure never lets it move. Empty makes no budget')
param budgetStartDate string = ''

@description('Deliver upload events to the app. Only after its code is deployed')
param connectEvents bool = false

var token = uniqueString(resourceGroup().id, environmentName)
var tags = {
  'azd-env-name': environmentName
}
var names = {
  storage: 'st${token}'
  topic: 'evgt-${token}'
  model: 'ai-${token}'
  vision: 'cv-${token}'
  app: 'func-${token}'
  logs: 'log-${token}'
  telemetry: 'appi-${token}'
  identity: 'id-${token}'
}

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
    workspaceName: names.logs
    telemetryName: names.telemetry
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    location: location
    tags: tags
    storageName: names.storage
    topicName: names.topic
    sku: storageSku
    privateNetworking: privateNetworking
    normalizedRetentionDays: normalizedRetentionDays
    uploadRetentionDays: uploadRetentionDays
    resultRetentionDays: resultRetentionDays
    workspaceId: monitoring.outputs.workspaceId
  }
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
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vision 'modules/legacy_vision.bicep' = if (legacyVision) {
  name: 'legacy-vision'
  params: {
    location: modelLocation
    tags: tags
    accountName: names.vision
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  params: {
    location: location
    tags: tags
    token: token
    storageId: storage.outputs.id
    modelAccountId: model.outputs.id
  }
}

module access 'modules/access.bicep' = {
  name: 'access'
  params: {
    storageName: storage.outputs.name
    modelAccountName: model.outputs.name
    visionAccountName: legacyVision ? vision!.outputs.name : ''
    visionPrincipalId: legacyVision ? vision!.outputs.principalId : ''
    telemetryName: monitoring.outputs.telemetryName
    appPrincipalId: identity.properties.principalId
    topicPrincipalId: storage.outputs.topicPrincipalId
    personPrincipalId: principalId
    personPrincipalType: principalType
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  params: {
    location: location
    tags: tags
    appName: names.app
    identityName: identity.name
    storageName: storage.outputs.name
    packageContainer: storage.outputs.packageContainer
    telemetryName: monitoring.outputs.telemetryName
    modelEndpoint: model.outputs.endpoint
    modelDeployment: model.outputs.deployment
    modelName: modelName
    visionEndpoint: legacyVision ? vision!.outputs.endpoint : ''
    pythonVersion: pythonVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    appSettings: appSettings
    authClientId: authClientId
    subnetId: privateNetworking ? network!.outputs.appSubnetId : ''
  }
  dependsOn: [
    access
  ]
}

module events 'modules/events.bicep' = if (connectEvents) {
  name: 'events'
  params: {
    appName: app.outputs.name
    topicName: names.topic
    storageName: storage.outputs.name
    deadLetterContainer: storage.outputs.deadLetterContainer
  }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmails)) {
  name: 'alerts'
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    topicId: storage.outputs.topicId
    alertEmails: alertEmails
    monthlyBudgetUsd: monthlyBudgetUsd
    budgetStartDate: budgetStartDate
  }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = resourceGroup().name
output AZURE_FUNCTION_NAME string = app.outputs.name
output AZURE_FUNCTION_URL string = app.outputs.url
output AZURE_STORAGE_ACCOUNT string = storage.outputs.name
output AZURE_OPENAI_ENDPOINT string = model.outputs.endpoint
output AZURE_OPENAI_DEPLOYMENT string = model.outputs.deployment
