#!/bin/sh
# etcd.sh KEY VALUE     run by the command of a while-leader, or by something that it started
#
# Puts VALUE at KEY, but only in the term in which it was started: the transaction holds while our key in the queue, created at
# this very revision, still stands. When it is gone, etcd refuses, whatever we believe ourselves.
#
# Status 0: written. 1: refused, nothing was written. 2: not known, etcd did not answer; ask again with the same words.
# Where etcd is and who we are there is etcdctl's business: ETCDCTL_ENDPOINTS and so on, which while-leader reads as well.
set -u
: "${WHILE_LEADER_KEY:?not in an election}" "${WHILE_LEADER_REVISION:?not in an election}"
[ "$#" -eq 2 ] || { echo "usage: etcd.sh KEY VALUE" >&2; exit 64; }
case $1$2 in
  *'
'*) echo "etcd.sh: a transaction is read line by line: KEY and VALUE must be of one line" >&2; exit 64 ;;
esac

# As etcdctl wants its words: in quotes, which have nothing special in them but quotes and backslashes.
quoted() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }

# etcdctl itself waits for ever for an etcd that does not answer: a transaction has no --command-timeout.
answer=$(
  {
    printf 'create(%s) = "%s"\n\n' "$(quoted "$WHILE_LEADER_KEY")" "$WHILE_LEADER_REVISION"
    printf 'put -- %s %s\n\n\n' "$(quoted "$1")" "$(quoted "$2")"
  } | timeout 5 etcdctl txn
)
# Its status is 0 either way.
case $answer in
  SUCCESS*) exit 0 ;;
  FAILURE*) echo "etcd.sh: refused: our term, $WHILE_LEADER_REVISION, is over" >&2; exit 1 ;;
  *) exit 2 ;;
esac
