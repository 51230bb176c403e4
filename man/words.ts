/** What the manual says too; `test/man.test.ts` holds the one against the other. */

export const NAME = "run a command on exactly one host: on the one that leads an etcd election";

/** What follows what `--help` says first. */
export const DESCRIPTION =
  "Without `--election` the command starts at once, with no etcd, under the same rules for signals, leftovers and exit status, and the log says `no-election`.";

export const COMMAND = "Everything from the first word that is no option, or from `--` on, is the command, verbatim.";

export const ORDER =
  "Order: flag, `WHILE_LEADER_*`, `ETCDCTL_*`, default; an empty variable counts as not set. Flags are `true` or `false`, `WHILE_LEADER_VERBOSE` is `1` or `2`.";

export const PASSWORD = "`ETCDCTL_PASSWORD` is the password itself, as for `etcdctl`, for a `--user` without one.";

/** What a command finds in its environment. */
export const ENVIRONMENT =
  "The command has the environment of `while-leader`, less the `WHILE_LEADER_*` variables that set options";

export const ADDED: readonly (readonly [name: string, value: string])[] = [
  ["`WHILE_LEADER_REVISION`", "the fencing token: our key's create revision; grows from term to term of an election"],
  ["`WHILE_LEADER_KEY`", "our key in etcd"],
  ["`WHILE_LEADER_LEASE`", "the lease, hexadecimal as in the key"],
  ["`WHILE_LEADER_OF`", "the election's name"],
  ["`WHILE_LEADER_AS`", "our identity"],
  [
    "`ETCD_LOCK_REV`",
    "what `etcdctl lock` would tell: etcd's revision when we were seen to lead, so that the numbers grow from holder to holder also where both stand in one queue. No key's create revision, so a transaction cannot compare it",
  ],
  ["`ETCD_LOCK_KEY`", "the same as `WHILE_LEADER_KEY`"],
  [
    "`WHILE_LEADER_MARK`",
    "a random text by which the command's processes are found wherever they went, also those that left their process group; inside another `while-leader` the outer one's comes first. Leave it alone. Set without an election too",
  ],
];

export const SIGNALS: readonly (readonly [names: string, what: string])[] = [
  [
    "SIGTERM, SIGINT (`--stop-on`)",
    "stop: the command gets the same signal (or `--stop-with`), and everything of it that is still there after `--kill-after` SIGKILL; then leadership is given back. In standby: leave the queue and exit at once",
  ],
  [
    "SIGHUP SIGQUIT SIGUSR1 SIGUSR2 SIGALRM SIGCONT SIGTSTP SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGWINCH SIGIO SIGPWR SIGSTKFLT",
    "passed on to the command, and change nothing else; ignored while there is none",
  ],
  [
    "SIGSEGV SIGBUS SIGFPE SIGILL SIGTRAP SIGSYS SIGABRT SIGTTIN SIGTTOU SIGPROF SIGPIPE SIGCHLD, real-time ones",
    "not passed on: the kernel sends them to a process for what it did itself",
  ],
  ["SIGKILL, SIGSTOP", "nobody can catch them: the guard acts"],
];

export const PASSED_ON =
  "Signals go to the command alone, with `--group` to its whole process group. When the command has ended, whatever it left behind gets SIGTERM, and SIGKILL when what remains of `--kill-after` is over: background jobs, daemons, orphans";

/** Without which two commands can run at once. */
export const ASSUMPTIONS: readonly string[] = [
  "Two hosts' clocks run at rates that differ by at most `--clock-drift`. Wall clocks may jump at will.",
  "SIGKILL ends a process within `--kill-margin`.",
  "A host is not frozen as a whole for longer than its lease is valid.",
  "etcd keeps its word that a lease lives for its TTL after a renewal.",
  "`while-leader` and its guard are not both taken away at the same time.",
];
