// One private address of one service, and its names.
param location string
param tags object
param name string
param targetId string
param groupId string
param subnetId string
param zoneIds array

resource endpoint 'Microsoft.Network/privateEndpoints@2025-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: {
      id: subnetId
    }
    privateLinkServiceConnections: [
      {
        name: groupId
        properties: {
          privateLinkServiceId: targetId
          groupIds: [
            groupId
          ]
        }
      }
    ]
  }
}

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-01-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      for (zoneId, index) in zoneIds: {
        name: 'zone${index}'
        properties: {
          privateDnsZoneId: zoneId
        }
      }
    ]
  }
}
