// Logs and telemetry, written and read with Entra ID only, and the workbook that shows them.
param location string
param tags object

@description('The workspace to make; empty when there is one already')
param workspaceName string

param workspaceId string
param telemetryName string

@description('Gigabytes a day after which nothing more is stored: a loop that logs must not cost a fortune')
param logCapGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = if (!empty(workspaceName)) {
  name: empty(workspaceName) ? 'none' : workspaceName
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
      dailyQuotaGb: logCapGb
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
    WorkspaceResourceId: workspaceId
    DisableLocalAuth: true
  }
  dependsOn: [
    workspace
  ]
}

// Others may write to the same workspace: its queries ask for the rows of this app
resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(telemetry.id, 'visiondrop')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Visiondrop'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: replace(
      replace(loadTextContent('../workbook.json'), '{TELEMETRY_ID}', telemetry.id),
      '{WORKSPACE_ID}',
      workspaceId
    )
  }
}
