#!/bin/sh
# Waits until the host is gone, however it went (its end of our stdin closes), and then ends the workerd it left behind.
# $1: the file with the process id of workerd. Called with --now it does not wait.
trap '' HUP INT TERM
[ "${2:-}" = --now ] || while read -r _; do :; done
[ -r "$1" ] && read -r pid <"$1" || exit 0
# Ids are used again: only a process that is a workerd is ours to end.
if [ -r "/proc/$pid/cmdline" ]; then
  command=$(tr '\0' ' ' <"/proc/$pid/cmdline")
else
  command=$(ps -o command= -p "$pid" 2>/dev/null)
fi
case "$command" in
  *workerd*serve*) kill -9 "$pid" ;;
esac
rm -f "$1"
