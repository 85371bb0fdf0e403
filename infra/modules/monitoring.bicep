// Logs and telemetry, written and read with Entra ID only, and the workbook that shows them.
param location string
param tags object
param workspaceName string
param telemetryName string

@description('Gigabytes a day after which nothing more is stored: a loop that logs must not cost a fortune')
param dailyCapGb int = 1

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 30
    features: {
      disableLocalAuth: true
    }
    workspaceCapping: {
      dailyQuotaGb: dailyCapGb
    }
  }
}

resource telemetry 'Microsoft.Insights/components@2020-02-02' = {
  name: telemetryName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspace.id, 'visiondrop')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Visiondrop'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: loadTextContent('../workbook.json')
  }
}

output workspaceId string = workspace.id
output telemetryName string = telemetry.name
