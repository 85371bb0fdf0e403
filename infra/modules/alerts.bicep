// Mail when work fails, waits or is lost, when nothing is heard any more, and before the money runs out. Made only when
// somebody is to be told. tests/infra/test_alerts.py runs each query over rows that must, and must not, raise it.
param location string
param tags object
param appName string
param telemetryName string
param workspaceId string
param alertEmails array
param oldestMessageMinutes int
param availabilityTest bool
param monthlyBudgetUsd int
param budgetStartDate string

// Others may write to the same workspace
var traces = 'AppTraces | where _ResourceId =~ "${telemetry.id}"'
var events = '${traces} | where Message startswith "{\\"event\\"" | extend facts = parse_json(Message) | extend event = tostring(facts.event)'

// A row found means trouble. Asked every 15 minutes (about 0.50 USD a month each), about the last 15 minutes; with
// lookBack about that long, for what is told by its absence
var logAlerts = [
  {
    name: 'poison-messages'
    description: 'A message was given up after five tries; its job has ended as failed'
    query: '${traces} | where Message has "Moving message to queue"'
    severity: 1
    threshold: 0
    lookBack: null
  }
  {
    name: 'failed-invocations'
    description: 'Functions fail: storage, a setting or a fault of the app. Files that cannot be read do not count: the app writes their spans under its own name'
    query: 'AppRequests | where _ResourceId =~ "${telemetry.id}" | where Success == false and AppRoleName != "visiondrop"'
    severity: 2
    threshold: 4
    lookBack: null
  }
  {
    name: 'dead-letters'
    description: 'Event Grid could not tell the app about an upload, and the app could not take it in by itself: see the container deadletters'
    query: '${events} | where event == "not mended" and tostring(facts.what) == "deadletters"'
    severity: 1
    threshold: 0
    lookBack: null
  }
  {
    name: 'missed-uploads-unseen'
    description: 'The search for uploads whose event never came has not got through the container for a day'
    query: '${events} | where event == "round unfinished"'
    severity: 2
    threshold: 0
    lookBack: null
  }
  {
    name: 'timers-silent'
    description: 'A five-minute round has not ended for half an hour: the app does not start, or cannot reach its storage'
    query: '${events} | summarize swept = maxif(TimeGenerated, event == "sweep"), searched = maxif(TimeGenerated, event == "missed uploads") | where swept < ago(30m) or searched < ago(30m)'
    severity: 1
    threshold: 0
    lookBack: 'P2D'
  }
  {
    name: 'oldest-message'
    description: 'A message that should be worked on has waited for ${oldestMessageMinutes} minutes: workers are missing, or stuck'
    query: '${events} | where event == "queue" and todouble(facts.oldest_s) > ${oldestMessageMinutes * 60}'
    severity: 2
    threshold: 0
    lookBack: null
  }
  {
    name: 'unhealthy'
    description: 'A part that the app depends on does not answer, or not as it should: see /api/health'
    query: '${events} | where event == "unhealthy"'
    severity: 1
    threshold: 1
    lookBack: null
  }
  {
    name: 'model-refuses'
    description: 'The model answers 401 or 403: a role, a network rule or a key. Jobs wait and go on by themselves once it is mended'
    query: '${events} | where event == "waiting" and tostring(facts.code) == "not_authorized"'
    severity: 1
    threshold: 0
    lookBack: null
  }
  {
    name: 'waiting-jobs'
    description: 'The model refuses work for now: raise modelCapacity, or wait'
    query: '${events} | where event == "waiting"'
    severity: 3
    threshold: 20
    lookBack: null
  }
  {
    name: 'spending'
    description: 'A budget of the app itself (DAILY_BUDGET_USD, FILE_BUDGET_USD, a folder) is nearly or wholly used'
    query: '${events} | where event == "budget alert"'
    severity: 2
    threshold: 0
    lookBack: null
  }
  {
    name: 'log-cap-reached'
    description: 'The day\'s log is full: nothing more is stored, and no other alert can fire until it starts anew. Raise logCapGb'
    query: '_LogOperation | where Category =~ "Ingestion" | where Detail contains "OverQuota"'
    severity: 1
    threshold: 0
    lookBack: null
  }
]

resource telemetry 'Microsoft.Insights/components@2020-02-02' existing = {
  name: telemetryName
}

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'visiondrop'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'visiondrop'
    emailReceivers: [
      for email in alertEmails: {
        name: email
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource logRules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in logAlerts: {
    name: alert.name
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.name
      description: alert.description
      severity: alert.severity
      enabled: true
      scopes: [
        workspaceId
      ]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT15M'
      overrideQueryTimeRange: alert.lookBack
      autoMitigate: true
      skipQueryValidation: true // the tables exist only after the first telemetry
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: alert.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [
          people.id
        ]
      }
    }
  }
]

// From outside: it also sees a name, a certificate or a sign-in that keeps callers out
resource healthTest 'Microsoft.Insights/webtests@2022-06-15' = if (availabilityTest) {
  name: 'health-${appName}'
  location: location
  tags: union(tags, {
    'hidden-link:${telemetry.id}': 'Resource'
  })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: 'health-${appName}'
    Name: 'health'
    Enabled: true
    Frequency: 900
    Timeout: 120 // a cold start takes its time
    Kind: 'standard'
    RetryEnabled: true
    Locations: [
      {
        Id: 'emea-nl-ams-azr'
      }
      {
        Id: 'us-va-ash-azr'
      }
    ]
    Request: {
      RequestUrl: 'https://${app.properties.defaultHostName}/api/health'
      HttpVerb: 'GET'
      ParseDependentRequests: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}

resource unavailable 'Microsoft.Insights/metricAlerts@2018-03-01' = if (availabilityTest) {
  name: 'unavailable'
  location: 'global'
  tags: tags
  properties: {
    description: 'The app does not answer /api/health from outside'
    severity: 1
    enabled: true
    scopes: [
      healthTest.id
      telemetry.id
    ]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT30M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: healthTest.id
      componentId: telemetry.id
      failedLocationCount: 2
    }
    actions: [
      {
        actionGroupId: people.id
      }
    ]
  }
}

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = if (!empty(budgetStartDate)) {
  name: 'visiondrop'
  properties: {
    category: 'Cost'
    amount: monthlyBudgetUsd
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: budgetStartDate
    }
    notifications: {
      half: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 50
        thresholdType: 'Actual'
        contactEmails: alertEmails
      }
      full: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Actual'
        contactEmails: alertEmails
      }
      forecast: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 110
        thresholdType: 'Forecasted'
        contactEmails: alertEmails
      }
    }
  }
}
