// Mail when work fails, waits or is lost, and before the money runs out. Made only when somebody is to be told.
param location string
param tags object
param workspaceId string
param topicId string
param alertEmails array
param monthlyBudgetUsd int
param budgetStartDate string

// Rows found mean trouble. Asked every 15 minutes (about 0.50 USD a month each)
var logAlerts = [
  {
    name: 'poison-messages'
    description: 'A message was given up after five tries; its job has ended as failed'
    query: 'AppTraces | where Message has "Moving message to queue"'
    severity: 1
    threshold: 0
  }
  {
    name: 'failed-invocations'
    description: 'Functions fail: storage, a setting or a fault of the app'
    query: 'AppRequests | where Success == false'
    severity: 2
    threshold: 4
  }
  {
    name: 'waiting-jobs'
    description: 'The model refuses work for now: raise modelCapacity, or wait'
    query: 'AppTraces | where Message startswith "{\\"event\\"" | where tostring(parse_json(Message).event) == "waiting"'
    severity: 3
    threshold: 20
  }
  {
    name: 'spending'
    description: 'A budget of the app itself (DAILY_BUDGET_USD, FILE_BUDGET_USD, a folder) is nearly or wholly used'
    query: 'AppTraces | where Message startswith "{\\"event\\"" | where tostring(parse_json(Message).event) == "budget alert"'
    severity: 2
    threshold: 0
  }
]

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

resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'dead-letters'
  location: 'global'
  tags: tags
  properties: {
    description: 'Event Grid could not tell the app about an upload: see the container deadletters'
    severity: 1
    enabled: true
    scopes: [
      topicId
    ]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'dead-letters'
          metricNamespace: 'Microsoft.EventGrid/systemTopics'
          metricName: 'DeadLetteredCount'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
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
