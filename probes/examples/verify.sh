#!/bin/sh
# Post-deploy verification with curl and a shell, where there is no Node: announces a deploy and waits for the verdict.
#
#   verify.sh SERVICE VERSION [PREVIOUS_VERSION]
#
# LATCHKEY_HUB            the hub, such as https://latchkey.example.com
# LATCHKEY_SERVICE_TOKEN  latchkey token --service SERVICE
# LATCHKEY_CANARY         how a run reaches the new version, as JSON: {"kind":"header","name":"x-lane","value":"canary"}
# LATCHKEY_CONFIRM        evidence for the checklist, as JSON: {"backup":"https://…"}
# LATCHKEY_ROLLBACK       1: when the version is bad, have the hub roll it back as its configuration says
# LATCHKEY_WAIT_S         how long all of it may take (default 900)
#
# Exit status: 0 good, 1 the version is bad or both versions fail, 2 anything else.
set -u

fail() {
  printf '%s\n' "$1" >&2
  exit 2
}

service=${1-} version=${2-} previous=${3-}
[ -n "$service" ] && [ -n "$version" ] || fail 'verify.sh SERVICE VERSION [PREVIOUS_VERSION]'
[ -n "${LATCHKEY_HUB-}" ] && [ -n "${LATCHKEY_SERVICE_TOKEN-}" ] ||
  fail 'expected LATCHKEY_HUB and LATCHKEY_SERVICE_TOKEN in the environment'
case "$service$version$previous" in
*[!A-Za-z0-9._+-]*) fail 'expected letters, digits and . _ + - only in service and versions' ;;
esac

reply=$(mktemp) && announcement=$(mktemp) || exit 2
trap 'rm -f "$reply" "$announcement"' EXIT

# Asks the hub, and repeats while it is away; what it says is in $reply. The token comes by stdin: arguments are seen by
# everybody on the machine.
ask() {
  printf 'header = "Authorization: Bearer %s"\n' "$LATCHKEY_SERVICE_TOKEN" |
    curl --config - --silent --show-error --fail-with-body --output "$reply" --max-time 40 \
      --retry 10 --retry-delay 3 --retry-connrefused --header 'Accept: text/plain' "$@"
}

# The value of a line of the answer: `phase: verifying`.
value() {
  printf '%s\n' "$answer" | sed -n "s/^$1: //p"
}

# The key makes a repeated announcement the same deploy.
key="$(date +%s)-$$"
body="{\"service\":\"$service\",\"version\":\"$version\",\"key\":\"$key\""
[ -z "$previous" ] || body="$body,\"previousVersion\":\"$previous\""
[ -z "${LATCHKEY_CANARY-}" ] || body="$body,\"canary\":$LATCHKEY_CANARY"
[ -z "${LATCHKEY_CONFIRM-}" ] || body="$body,\"confirmations\":$LATCHKEY_CONFIRM"

# By a file that only we can read: what opens the canary is nobody else's business, either.
printf '%s}' "$body" >"$announcement"
ask --header 'Content-Type: application/json' --data-binary "@$announcement" "$LATCHKEY_HUB/v1/deploys" ||
  fail "the deploy was not announced: $(cat "$reply")"
answer=$(cat "$reply")
deploy=$LATCHKEY_HUB$(value deploy)
value page

# Ends by the outcome that was told last, whatever came after it.
finish() {
  [ -z "${1-}" ] || printf '%s\n' "$1" >&2
  case "$outcome" in
  good | marked) exit 0 ;;
  bad | both-failing) exit 1 ;;
  *) exit 2 ;;
  esac
}

until=$(($(date +%s) + ${LATCHKEY_WAIT_S:-900}))
asked=
while :; do
  outcome=$(printf '%s\n' "$answer" | sed -n 1p)
  phase=$(value phase)
  printf '%s: %s (%s)\n' "$outcome" "$phase" "$(value reason)"
  [ "$phase" != ended ] || finish
  case "$outcome/$(value rollback)/$(value rollback-kind)" in
  bad/failed/*) finish 'the rollback has failed' ;;
  bad/*/command) finish 'the rollback is a command, which is for you to run; latchkey verify does' ;;
  bad/offered/*)
    [ "${LATCHKEY_ROLLBACK-}" = 1 ] && [ -z "$asked" ] || finish
    asked=yes
    ask --request POST "$deploy/rollback" || finish "the hub does not roll it back: $(cat "$reply")"
    ;;
  esac
  [ "$(date +%s)" -lt "$until" ] || finish 'not over in time; the hub goes on'
  # Answered as soon as the phase is another one.
  ask "$deploy?wait=25s&phase=$phase" || finish "the hub was lost: $(cat "$reply")"
  answer=$(cat "$reply")
done
