// Who may do what: every role assignment there is, each on one resource, never on the group. Identities come by name and
// are looked up here, so that a plan shows each assignment; its own name is made of the identity's id for that reason.
param storageName string
param topicName string
param modelAccountName string
param visionAccountName string
param telemetryName string
param identityName string
param personPrincipalId string
param personPrincipalType string

var roles = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageBlobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  cognitiveServicesOpenAIUser: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'
  cognitiveServicesUser: 'a97b65f3-24c7-4388-baec-2e87135dc908'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

// The app on its own storage. Owner, because the host keeps its locks and keys in blobs; Contributor on queues, because
// a trigger makes its poison queue
var appOnStorage = [
  roles.storageBlobDataOwner
  roles.storageQueueDataContributor
  roles.storageTableDataContributor
]

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource uploads 'containers' existing = {
      name: 'uploads'
    }

    resource deadLetters 'containers' existing = {
      name: 'deadletters'
    }
  }
}

resource modelAccount 'Microsoft.CognitiveServices/accounts@2025-09-01' existing = {
  name: modelAccountName
}

resource visionAccount 'Microsoft.CognitiveServices/accounts@2025-09-01' existing = if (!empty(visionAccountName)) {
  name: empty(visionAccountName) ? 'none' : visionAccountName
}

resource telemetry 'Microsoft.Insights/components@2020-02-02' existing = {
  name: telemetryName
}

resource appStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in appOnStorage: {
    name: guid(storage.id, app.id, role)
    scope: storage
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      principalId: app.properties.principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource appModel 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(modelAccount.id, app.id, roles.cognitiveServicesOpenAIUser)
  scope: modelAccount
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.cognitiveServicesOpenAIUser
    )
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource appTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(telemetry.id, app.id, roles.monitoringMetricsPublisher)
  scope: telemetry
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringMetricsPublisher)
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// Event Grid keeps what it could not deliver
resource topicDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::deadLetters.id, topic.id, roles.storageBlobDataContributor)
  scope: storage::blobs::deadLetters
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataContributor)
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

// Whoever deploys may drop files; answers come by HTTP
resource personUploads 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(personPrincipalId)) {
  name: guid(storage::blobs::uploads.id, personPrincipalId, roles.storageBlobDataContributor)
  scope: storage::blobs::uploads
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataContributor)
    principalId: personPrincipalId
    principalType: personPrincipalType
  }
}

resource appVision 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(visionAccountName)) {
  name: guid(visionAccount.id, app.id, roles.cognitiveServicesUser)
  scope: visionAccount
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.cognitiveServicesUser)
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// Computer Vision fetches the videos that it is to index
resource visionUploads 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(visionAccountName)) {
  name: guid(storage::blobs::uploads.id, visionAccount.id, roles.storageBlobDataReader)
  scope: storage::blobs::uploads
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
    principalId: visionAccount!.identity.principalId
    principalType: 'ServicePrincipal'
  }
}
