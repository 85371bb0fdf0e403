#!/usr/bin/env bash
# retry.sh TIMES SECONDS COMMAND …: runs the command until it succeeds. A new role takes minutes to reach every service.
set -u
times=$1
seconds=$2
shift 2
for attempt in $(seq 1 "$times"); do
  "$@" && exit 0
  echo "attempt $attempt of $times failed: $1" >&2
  [ "$attempt" -eq "$times" ] || sleep "$seconds"
done
exit 1
