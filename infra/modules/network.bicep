// Optional: storage and model reachable only from the app. The app itself stays public, behind its keys or a sign-in:
// Event Grid has to reach it.
param location string
param tags object
param token string
param networkName string
param storageName string
param modelAccountName string

@description('The resource group that has the private DNS zones already; empty makes them here')
param privateDnsZonesGroupId string

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
// Zones of the company are linked to its networks by the company
var storageZonesMade = empty(privateDnsZonesGroupId) ? storageServices : []
var modelZonesMade = empty(privateDnsZonesGroupId) ? modelZones : []
var zonesIn = '${empty(privateDnsZonesGroupId) ? resourceGroup().id : privateDnsZonesGroupId}/providers/Microsoft.Network/privateDnsZones'

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource modelAccount 'Microsoft.CognitiveServices/accounts@2025-09-01' existing = {
  name: modelAccountName
}

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' = {
  name: networkName
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

  resource endpointSubnet 'subnets' existing = {
    name: 'endpoints'
  }
}

resource storageZones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for service in storageZonesMade: {
    name: 'privatelink.${service}.${environment().suffixes.storage}'
    location: 'global'
    tags: tags
  }
]

resource storageLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (service, index) in storageZonesMade: {
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
  for zone in modelZonesMade: {
    name: zone
    location: 'global'
    tags: tags
  }
]

resource aiLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, index) in modelZonesMade: {
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
  for service in storageServices: {
    name: 'endpoint-${service}'
    params: {
      location: location
      tags: tags
      name: 'pep-${service}-${token}'
      targetId: storage.id
      groupId: service
      subnetId: network::endpointSubnet.id
      zoneIds: [
        '${zonesIn}/privatelink.${service}.${environment().suffixes.storage}'
      ]
    }
    dependsOn: [
      storageLinks
    ]
  }
]

module modelEndpoint 'private_endpoint.bicep' = {
  name: 'endpoint-model'
  params: {
    location: location
    tags: tags
    name: 'pep-model-${token}'
    targetId: modelAccount.id
    groupId: 'account'
    subnetId: network::endpointSubnet.id
    zoneIds: [
      '${zonesIn}/${modelZones[0]}'
      '${zonesIn}/${modelZones[1]}'
      '${zonesIn}/${modelZones[2]}'
    ]
  }
  dependsOn: [
    aiLinks
  ]
}
