// Computer Vision, for the video-index flow of old. Microsoft retired the video API on 2025-06-30: the account can be
// made, but its video calls fail. It is here for tenants that were given longer; nothing else needs it.
param location string
param tags object
param accountName string

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

output name string = account.name
output endpoint string = account.properties.endpoint
output principalId string = account.identity.principalId
