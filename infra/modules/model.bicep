// The model account, used with Entra ID only, and its one deployment. It is asked at the subdomain of its name.
param location string
param tags object
param accountName string
param modelName string
param modelVersion string
param modelSku string
param modelCapacity int
param restore bool
param privateNetworking bool
param workspaceId string
param diagnosticsEverywhere bool

resource account 'Microsoft.CognitiveServices/accounts@2025-09-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'AIServices'
  sku: {
    name: 'S0'
  }
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    customSubDomainName: accountName
    disableLocalAuth: true
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: privateNetworking ? 'Deny' : 'Allow'
    }
    restrictOutboundNetworkAccess: true // pictures travel inside the request, so it needs to fetch nothing
    allowedFqdnList: []
    restore: restore
  }
}

// Named after the model, so that a new model is a new deployment and old results still say what answered them
resource deployment 'Microsoft.CognitiveServices/accounts/deployments@2025-09-01' = {
  parent: account
  name: modelName
  sku: {
    name: modelSku
    capacity: modelCapacity
  }
  properties: {
    model: {
      format: 'OpenAI'
      name: modelName
      version: modelVersion
    }
    versionUpgradeOption: 'OnceCurrentVersionExpired' // better a newer version than none at all
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
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
    metrics: diagnosticsEverywhere
      ? [
          {
            category: 'AllMetrics'
            enabled: true
          }
        ]
      : []
  }
  dependsOn: [
    deployment
  ]
}
