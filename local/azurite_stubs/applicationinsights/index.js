// Azurite loads its telemetry client at start and uses it only without --disableTelemetry, which would fail here.
module.exports = {};
