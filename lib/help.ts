/** The first lines of `--help`. */
export const USAGE = `while-leader [options] [--] command [args...]

Runs the command while this host is the leader of an etcd election: holds the
lease, forwards signals, stops the command when leadership ends, and resigns
when it goes down, so that the next host takes over at once.`;

/** The last lines of `--help`. */
export const EPILOGUE = `Durations: 500ms, 8s, 1m30s, 1h; a bare number is seconds. Each option can be
set as WHILE_LEADER_<OPTION> (--key as WHILE_LEADER_KEY_FILE), those of etcd
also as ETCDCTL_<OPTION>.

Exit status:
  the command's own, or 128+n when signal n ended it
  1   nobody leads (--who), or it is not well (--probe)
  64  usage: a bad option, no command, an impossible timing
  69  etcd cannot be reached (--who), or not within --wait; the guard cannot be
      started, or --listen not be had
  70  a bug in while-leader
  75  not elected within --wait or --try; leadership lost with --on-lost exit
  77  etcd refused the credentials, or its certificate is not trusted
  126 / 127  the command cannot be executed / was not found

Examples:
  Docker:   ENTRYPOINT ["while-leader", "--election", "jobs", "--"]
  once:     npx while-leader -n nightly --try -- ./report.sh
  standby:  while-leader -n jobs --endpoints a:2379,b:2379,c:2379 -- ./worker
  ask:      while-leader -n jobs --who`;
