// The function app on Flex Consumption: its plan, the site, every setting it reads, who may call and publish.
param location string
param tags object
param appName string
param identityName string
param storageName string
param telemetryName string
param modelAccountName string
param modelName string
param visionAccountName string
param pythonVersion string
param instanceMemoryMB int
param maximumInstanceCount int
param httpConcurrency int
param alwaysReadyBlob int
param alwaysReadyHttp int
param rollingUpdate bool
param zoneRedundant bool
param malwareScanning bool

@secure()
param appSettings object

param authClientId string
param subnetId string
param workspaceId string
param diagnosticsEverywhere bool

var visionEndpoint = empty(visionAccountName) ? '' : 'https://${visionAccountName}.cognitiveservices.azure.com/'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource telemetry 'Microsoft.Insights/components@2020-02-02' existing = {
  name: telemetryName
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${appName}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: appName
  location: location
  tags: union(tags, {
    'azd-service-name': 'app'
  })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      remoteDebuggingEnabled: false
    }
    // union, because the published types do not know siteUpdateStrategy yet
    functionAppConfig: union(
      {
        deployment: {
          storage: {
            type: 'blobContainer'
            value: 'https://${storageName}.blob.${environment().suffixes.storage}/app-package'
            authentication: {
              type: 'UserAssignedIdentity'
              userAssignedIdentityResourceId: identity.id
            }
          }
        }
        runtime: {
          name: 'python'
          version: pythonVersion
        }
        scaleAndConcurrency: {
          instanceMemoryMB: instanceMemoryMB
          maximumInstanceCount: maximumInstanceCount
          alwaysReady: concat(
            alwaysReadyBlob > 0 ? [{ name: 'blob', instanceCount: alwaysReadyBlob }] : [],
            alwaysReadyHttp > 0 ? [{ name: 'http', instanceCount: alwaysReadyHttp }] : []
          )
          triggers: {
            http: {
              perInstanceConcurrency: httpConcurrency
            }
          }
        }
      },
      rollingUpdate
        ? {
            siteUpdateStrategy: {
              type: 'RollingUpdate'
            }
          }
        : {}
    )
  }
}

// The only place that writes settings: two writers would wipe each other's. An empty one counts as absent.
resource settings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'appsettings'
  properties: union(
    {
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identity.properties.clientId
      AzureWebJobsStorage__accountName: storageName // a starting host that has only the addresses may find no storage
      AzureWebJobsStorage__blobServiceUri: 'https://${storageName}.blob.${environment().suffixes.storage}/'
      AzureWebJobsStorage__queueServiceUri: 'https://${storageName}.queue.${environment().suffixes.storage}/'
      AzureWebJobsStorage__tableServiceUri: 'https://${storageName}.table.${environment().suffixes.storage}/'
      PYTHON_THREADPOOL_THREAD_COUNT: '12' // as many as host.json lets a worker have messages; Python alone would take 5
      APPLICATIONINSIGHTS_CONNECTION_STRING: telemetry.properties.ConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
      OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identity.properties.clientId // signs users in without a client secret
      AZURE_CLIENT_ID: identity.properties.clientId
      AZURE_OPENAI_ENDPOINT: 'https://${modelAccountName}.openai.azure.com'
      AZURE_OPENAI_DEPLOYMENT: modelName
      AZURE_OPENAI_API_VERSION: ''
      VISION_MODEL: modelName
      VISION_DEPLOYMENTS: ''
      AZURE_VISION_ENDPOINT: visionEndpoint
      VIDEO_INDEX_NAME: empty(visionEndpoint) ? '' : 'visiondrop'
      TRANSCRIBE_DEPLOYMENT: ''
      DEFAULT_PROMPT: ''
      DEFAULT_DETAIL: 'high'
      MAX_OUTPUT_TOKENS: '1000'
      MODEL_TIMEOUT_S: '120'
      JOB_LEASE_S: '300'
      PRICE_SCOPE: 'global'
      DAILY_BUDGET_USD: ''
      FILE_BUDGET_USD: ''
      FILTERED_PROMPTS_ARE_BILLED: 'false'
      MALWARE_SCANNING: malwareScanning ? 'true' : 'false'
    },
    appSettings
  )
}

// Publishing is by Entra ID only
resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource signIn 'Microsoft.Web/sites/config@2024-11-01' = if (!empty(authClientId)) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'Return401'
      excludedPaths: [
        '/runtime/webhooks/blobs' // Event Grid, which the host's own key lets in
        '/api/health'
      ]
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: authClientId
          clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [
            authClientId
            'api://${authClientId}'
          ]
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
  dependsOn: [
    settings
  ]
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (diagnosticsEverywhere) {
  name: 'all'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
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

output url string = 'https://${app.properties.defaultHostName}'
