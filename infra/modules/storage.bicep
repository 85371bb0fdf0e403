// One storage account for everything: files in and out, the queue, the tables, the host's own state, the code package.
// Keyless; what is deleted by mistake can be had back for seven days; what is derived is deleted after a while.
param location string
param tags object
param storageName string
param topicName string
param sku string
param privateNetworking bool
param normalizedRetentionDays int
param uploadRetentionDays int
param resultRetentionDays int
param workspaceId string

var packageContainerName = 'app-package'
var deadLetterContainerName = 'deadletters'
var containerNames = [
  'uploads'
  'normalized'
  'results'
  packageContainerName
  deadLetterContainerName
]
var queueNames = [
  'analyze'
  'analyze-poison'
  'webjobs-blobtrigger-poison'
]
var tableNames = [
  'jobs'
  'ledger'
]
// A day count of 0 means keep: the rule is then there, but switched off
var retention = [
  {
    container: 'normalized'
    days: normalizedRetentionDays
  }
  {
    container: 'uploads'
    days: uploadRetentionDays
  }
  {
    container: 'results'
    days: resultRetentionDays
  }
  {
    container: deadLetterContainerName
    days: 30
  }
]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: storageName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: privateNetworking ? 'Deny' : 'Allow'
    }
    sasPolicy: {
      expirationAction: 'Log'
      sasExpirationPeriod: '0.04:00:00'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
  for name in containerNames: {
    parent: blobs
    name: name
    properties: {
      publicAccess: 'None'
    }
  }
]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [
  for name in queueNames: {
    parent: queueService
    name: name
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [
  for name in tableNames: {
    parent: tableService
    name: name
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        for rule in retention: {
          name: 'delete-${rule.container}'
          type: 'Lifecycle'
          enabled: rule.days > 0
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
              prefixMatch: [
                '${rule.container}/'
              ]
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: max(rule.days, 1)
                }
              }
            }
          }
        }
      ]
    }
  }
  dependsOn: [
    blobs
  ]
}

// What happens to blobs, told to Event Grid; events.bicep subscribes the app to it. Its identity writes dead letters.
resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: topicName
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    source: account.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
  }
}

resource topicFailures 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'failures'
  scope: topic
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'DeliveryFailures'
        enabled: true
      }
    ]
  }
}

output id string = account.id
output name string = account.name
output packageContainer string = packageContainerName
output deadLetterContainer string = deadLetterContainerName
output topicId string = topic.id
output topicPrincipalId string = topic.identity.principalId
