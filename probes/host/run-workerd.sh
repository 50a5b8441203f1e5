#!/bin/sh
# Stands in for workerd: notes the process id, which `exec` keeps, where guard-workerd.sh looks for it.
set -eu
echo "$$" >"$LATCHKEY_WORKERD_PID_FILE.new"
mv "$LATCHKEY_WORKERD_PID_FILE.new" "$LATCHKEY_WORKERD_PID_FILE"
exec "$LATCHKEY_WORKERD" "$@"
