// Computer Vision, for the video-index flow of old. Microsoft retired the video API on 2025-06-30: the account can be
// made, but its video calls fail. It is here for tenants that were given longer; nothing else needs it.
param location string
param tags object
param accountName string
param workspaceId string
param diagnosticsEverywhere bool

resource account 'Microsoft.CognitiveServices/accounts@2025-09-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'ComputerVision'
  sku: {
    name: 'S1'
  }
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    customSubDomainName: accountName
    disableLocalAuth: true
    publicNetworkAccess: 'Enabled'
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (diagnosticsEverywhere) {
  name: 'audit'
  scope: account
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}
