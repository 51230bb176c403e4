#!/bin/sh
# roles.sh ELECTION ROLE [USER]     makes the role ELECTION-ROLE, and a user with it
#
# ROLE is one of:
#   candidate   takes part in the election
#   asker       may ask who leads, --who and --watch, and nothing else
#   operator    may ask that, and have the leader hand over: --step-down
#
# The password is a line on stdin. Who is there already keeps theirs, and is given the role: the script may be run again.
# Where etcd is and who we are there (root) is etcdctl's business: ETCDCTL_ENDPOINTS and so on.
set -eu
case $# in 2 | 3) ;; *) echo "usage: roles.sh ELECTION candidate|asker|operator [USER <password]" >&2; exit 64 ;; esac
election=$1 role=$1-$2 user=${3-}
case /$election/ in
  *//*) echo "roles.sh: '$election' is no name of an election: it has an empty part" >&2; exit 64 ;;
esac
# The "/" at the end counts: the prefix "jobs" is also that of "jobs-of-others/".
keys=$election/
requests=while-leader/step-down/$election/
case $2 in
  candidate) on_keys=readwrite on_requests=read ;;
  asker) on_keys=read on_requests= ;;
  operator) on_keys=read on_requests=readwrite ;;
  *) echo "roles.sh: no such role: $2" >&2; exit 64 ;;
esac

etcdctl role get "$role" >/dev/null 2>&1 || etcdctl role add "$role"
etcdctl role grant-permission --prefix "$role" "$on_keys" "$keys" >/dev/null
[ -z "$on_requests" ] || etcdctl role grant-permission --prefix "$role" "$on_requests" "$requests" >/dev/null

[ -n "$user" ] || exit 0
if ! etcdctl user get "$user" >/dev/null 2>&1; then
  IFS= read -r password || [ -n "${password-}" ] || password=
  case $password in
    # etcdctl would take what stands before the blank for the whole.
    '' | *[[:space:]]*) echo "roles.sh: no password on stdin, or one with a blank in it" >&2; exit 64 ;;
  esac
  printf '%s\n' "$password" | etcdctl user add --interactive=false "$user"
fi
etcdctl user grant-role "$user" "$role"
