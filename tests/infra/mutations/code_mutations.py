"""Where templates and code have to agree: settings, storage, events, the host."""

from __future__ import annotations

from tests.infra.mutations.mutation import ACCESS, APP, EVENTS, MAIN, MODEL, STORAGE, Mutation

CODE_MUTATIONS = (
    Mutation("settings complete", APP, "      VISION_MODEL: modelName\n", "", "reads VISION_MODEL"),
    Mutation("settings complete", APP, "VISION_MODEL:", "MODEL:", "sets MODEL, which nothing reads"),
    Mutation("settings complete", APP, "DEFAULT_DETAIL: 'high'", "DEFAULT_DETAIL: 'best'", "refuse its settings"),
    Mutation(
        "settings complete", MAIN, "modelName string = 'gpt-5.1'", "modelName string = 'gpt-0'", "refuse its settings"
    ),
    Mutation(
        "settings complete",
        APP,
        "VISION_DEPLOYMENTS: ''",
        "VISION_DEPLOYMENTS: ''\n      AZURE_OPENAI_API_KEY: 'k'",
        "a key",
    ),
    Mutation(
        "wired settings",
        APP,
        "AZURE_CLIENT_ID: identity.properties.clientId",
        "AZURE_CLIENT_ID: identity.properties.principalId",
        "AZURE_CLIENT_ID is",
    ),
    Mutation("wired settings", APP, "Authorization=AAD", "Authorization=ADD", "Authorization=ADD"),
    Mutation("wired settings", APP, "'${identity.id}': {}", "'${identity.name}': {}", "the identity of the app"),
    Mutation(
        "wired settings",
        APP,
        "'https://${storageName}.queue.",
        "'https://${storageName}.blob.",
        "AzureWebJobsStorage__queueServiceUri is",
    ),
    Mutation(
        "wired settings",
        APP,
        "AzureWebJobsStorage__accountName: storageName",
        "AzureWebJobsStorage__accountName: appName",
        "AzureWebJobsStorage__accountName is",
    ),
    Mutation("wired settings", APP, ".openai.azure.com'", "openai.azure.com'", "AZURE_OPENAI_ENDPOINT is"),
    Mutation(
        "wired settings",
        APP,
        "AZURE_OPENAI_DEPLOYMENT: modelName",
        "AZURE_OPENAI_DEPLOYMENT: modelAccountName",
        "AZURE_OPENAI_DEPLOYMENT is",
    ),
    Mutation(
        "wired settings", APP, ".cognitiveservices.azure.com/'", ".openai.azure.com/'", "AZURE_VISION_ENDPOINT is"
    ),
    Mutation(
        "wired settings",
        MODEL,
        "customSubDomainName: accountName",
        "customSubDomainName: modelName",
        "AZURE_OPENAI_ENDPOINT is",
    ),
    Mutation("host agrees", "host.json", '"messageEncoding": "base64"', '"messageEncoding": "none"', "base64"),
    Mutation("host agrees", "host.json", '"functionTimeout": "00:10:00"', '"functionTimeout": "00:01:00"', "too short"),
    Mutation("host agrees", "host.json", '"batchSize": 8', '"batchSize": 16', "20 messages at once meet 12 threads"),
    Mutation(
        "host agrees",
        APP,
        "PYTHON_THREADPOOL_THREAD_COUNT: '12'",
        "PYTHON_THREADPOOL_THREAD_COUNT: '5'",
        "12 messages at once meet 5 threads",
    ),
    Mutation(
        "host agrees",
        APP,
        "      PYTHON_THREADPOOL_THREAD_COUNT: '12'",
        "      PYTHON_THREADS: '12'",
        "meet None threads",
    ),
    Mutation("storage names", STORAGE, "  'analyze-poison'\n", "", "queueNames lacks analyze-poison"),
    Mutation("storage names", STORAGE, "'normalized'\n  'results'", "'results'", "lacks normalized"),
    Mutation("storage names", STORAGE, "  'jobs'\n", "  'job'\n", "lacks jobs"),
    Mutation("storage names", ACCESS, "name: 'deadletters'", "name: 'dead-letters'", "no container dead-letters"),
    Mutation(
        "storage names",
        STORAGE,
        "var deadLetterContainerName = 'deadletters'",
        "var deadLetterContainerName = 'dead-letters'",
        "no container deadletters",
    ),
    Mutation(
        "storage names",
        STORAGE,
        "    container: 'normalized'",
        "    container: 'normalised'",
        "no container normalised",
    ),
    Mutation(
        "events", EVENTS, "functionName string = 'accept'", "functionName string = 'receive'", "the code waits for"
    ),
    Mutation("events", EVENTS, "${container}/blobs/'", "${container}'", "the filter"),
    Mutation("events", APP, "'/runtime/webhooks/blobs'", "'/runtime'", "shut out"),
    Mutation(
        "events",
        MAIN,
        "output AZURE_LOCATION",
        "module events 'events.bicep' = {\n  name: 'events'\n"
        "  params: {\n    appName: names.app\n    topicName: topicName\n    storageName: names.storage\n  }\n}\n\n"
        "output AZURE_LOCATION",
        "connected before the code",
    ),
)
