#!/bin/sh
# workload.sh FILE [--ignore-term]
#
# The work that must be done by one at a time. Prints "running", then appends one line to FILE every 20 ms until it is
# killed, each in a single write:
#     <monotonic ms of this host> <fencing token> <pid> beat
# With --ignore-term, SIGTERM changes nothing.
if [ -r /proc/uptime ]; then
  now() { read -r up _ </proc/uptime && at=${up%.*}${up#*.}0; } # "12.34" s, without starting a process
else
  now() { at=$(date +%s)000; } # coarse, but what counts is the order of the lines
fi

[ "$2" = --ignore-term ] && trap '' TERM
echo running
while now && echo "$at ${WHILE_LEADER_REVISION:?} $$ beat" >>"$1"; do
  sleep 0.02
done
