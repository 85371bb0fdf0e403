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
param storageLock bool
param malwareScanning bool
param malwareScanCapGb int
param workspaceId string
param diagnosticsEverywhere bool

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
// What the app itself makes of uploads, and what the host keeps: nobody else writes there
var unscannedPrefixes = [
  'normalized/'
  'results/'
  'app-package/'
  'deadletters/'
  'azure-webjobs-hosts/'
  'azure-webjobs-secrets/'
]
// Every list, read and poll is a row; what is asked after a loss is who wrote and who deleted
var storageAudit = [
  {
    category: 'StorageWrite'
    enabled: true
  }
  {
    category: 'StorageDelete'
    enabled: true
  }
]
var storageMetrics = [
  {
    category: 'Transaction'
    enabled: true
  }
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

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (storageLock) {
  name: 'state-of-all-jobs'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'It holds what every job has cost and found out'
  }
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

// Defender hangs its subscription on the topic that is there, and makes one where there is none. Azure allows no second,
// so ours comes first; the verdicts come as tags of the blobs and need no topic at all
resource defender 'Microsoft.Security/defenderForStorageSettings@2025-06-01' = if (malwareScanning) {
  name: 'current'
  scope: account
  properties: {
    isEnabled: true
    overrideSubscriptionLevelSettings: true
    malwareScanning: {
      blobScanResultsOptions: 'blobIndexTags'
      onUpload: {
        isEnabled: true
        capGBPerMonth: malwareScanCapGb
        filters: {
          excludeBlobsWithPrefix: unscannedPrefixes
        }
      }
    }
    sensitiveDataDiscovery: {
      isEnabled: false
    }
  }
  dependsOn: [
    topic
  ]
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: storageAudit
    metrics: diagnosticsEverywhere ? storageMetrics : []
  }
}

resource queueAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (diagnosticsEverywhere) {
  name: 'audit'
  scope: queueService
  properties: {
    workspaceId: workspaceId
    logs: storageAudit
    metrics: storageMetrics
  }
}

resource tableAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (diagnosticsEverywhere) {
  name: 'audit'
  scope: tableService
  properties: {
    workspaceId: workspaceId
    logs: storageAudit
    metrics: storageMetrics
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
    metrics: diagnosticsEverywhere
      ? [
          {
            category: 'AllMetrics'
            enabled: true
          }
        ]
      : []
  }
}
