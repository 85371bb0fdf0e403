// Optional: storage and model reachable only from the app. The app itself stays public, behind its keys or a sign-in:
// Event Grid has to reach it.
param location string
param tags object
param token string
param storageId string
param modelAccountId string

var storageServices = [
  'blob'
  'queue'
  'table'
]
var modelZones = [
  'privatelink.cognitiveservices.azure.com'
  'privatelink.openai.azure.com'
  'privatelink.services.ai.azure.com'
]

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' = {
  name: 'vnet-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        '10.0.0.0/16'
      ]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: '10.0.0.0/24'
          delegations: [
            {
              name: 'functions'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.0.1.0/24'
        }
      }
    ]
  }

  resource appSubnet 'subnets' existing = {
    name: 'app'
  }

  resource endpointSubnet 'subnets' existing = {
    name: 'endpoints'
  }
}

resource storageZones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for service in storageServices: {
    name: 'privatelink.${service}.${environment().suffixes.storage}'
    location: 'global'
    tags: tags
  }
]

resource storageLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (service, index) in storageServices: {
    parent: storageZones[index]
    name: 'app'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: network.id
      }
    }
  }
]

resource aiZones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in modelZones: {
    name: zone
    location: 'global'
    tags: tags
  }
]

resource aiLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, index) in modelZones: {
    parent: aiZones[index]
    name: 'app'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: network.id
      }
    }
  }
]

module storageEndpoints 'private_endpoint.bicep' = [
  for (service, index) in storageServices: {
    name: 'endpoint-${service}'
    params: {
      location: location
      tags: tags
      name: 'pep-${service}-${token}'
      targetId: storageId
      groupId: service
      subnetId: network::endpointSubnet.id
      zoneIds: [
        storageZones[index].id
      ]
    }
  }
]

module modelEndpoint 'private_endpoint.bicep' = {
  name: 'endpoint-model'
  params: {
    location: location
    tags: tags
    name: 'pep-model-${token}'
    targetId: modelAccountId
    groupId: 'account'
    subnetId: network::endpointSubnet.id
    zoneIds: [
      aiZones[0].id
      aiZones[1].id
      aiZones[2].id
    ]
  }
}

output appSubnetId string = network::appSubnet.id
