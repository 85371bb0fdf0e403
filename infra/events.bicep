// The second, small deployment: upload events go to the blob trigger `accept`, and nothing else is written, so that no job
// under way is ended by it. Event Grid shakes hands with the running app when this is made, and the host makes the key
// when it first starts, so the code has to be there: infra/connect_events.py waits for that, and tries again where the
// platform is known to need it. The key is read here and goes into the destination, which Event Grid never shows again:
// no person or script handles it.
targetScope = 'resourceGroup'

param appName string
param topicName string
param storageName string

@description('Where what could not be delivered goes')
param deadLetterContainer string = 'deadletters'

@description('The Python function that the events are for')
param functionName string = 'accept'

@description('The container whose new blobs are announced')
param container string = 'uploads'

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource uploads 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'uploads'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: 'https://${app.properties.defaultHostName}/runtime/webhooks/blobs?functionName=Host.Functions.${functionName}&code=${listKeys('${app.id}/host/default', '2024-11-01').systemKeys.blobs_extension}'
        maxEventsPerBatch: 1
        minimumTlsVersionAllowed: '1.2'
      }
    }
    filter: {
      includedEventTypes: [
        'Microsoft.Storage.BlobCreated' // the account has no folders of its own, so the blob is complete by then
      ]
      subjectBeginsWith: '/blobServices/default/containers/${container}/blobs/'
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'SystemAssigned'
      }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: storage.id
          blobContainerName: deadLetterContainer
        }
      }
    }
  }
}
