/** How it is called, and what it does. */
export const SYNOPSIS = "while-leader [options] [--] command [args...]";

export const PURPOSE = `Runs the command while this host is the leader of an etcd election: holds the
lease, forwards signals, stops the command when leadership ends, and resigns
when it goes down, so that the next host takes over at once.`;

export const DURATIONS = "Durations: 500ms, 8s, 1m30s, 1h; a bare number is seconds.";

export const VARIABLES =
  "Each option can be set as WHILE_LEADER_<OPTION> (--key as WHILE_LEADER_KEY_FILE), those of etcd also as ETCDCTL_<OPTION>.";

/** What we exit with when there was a command. */
export const COMMAND_STATUS =
  "the command's own, or 128+n when signal n ended it (137 after SIGKILL); 128+n of a stop signal, too, that came before the command was started";

/** The statuses that are ours, and what each says. */
export const EXIT_STATUSES: readonly (readonly [status: string, when: string])[] = [
  ["1", "nobody leads (--who), or it is not well (--probe)"],
  ["64", "usage: a bad option, no command, an impossible timing"],
  ["69", "etcd cannot be reached (--who), or not within --wait; the guard cannot be started, or --listen not be had"],
  ["70", "a bug in while-leader"],
  ["75", "not elected within --wait or --try; leadership lost with --on-lost exit"],
  ["77", "etcd refused the credentials, or its certificate is not trusted"],
  ["126 / 127", "the command cannot be executed / was not found"],
];

export const EXAMPLES: readonly (readonly [what: string, text: string])[] = [
  ["Docker", 'ENTRYPOINT ["while-leader", "--election", "jobs", "--"]'],
  ["once", "npx while-leader -n nightly --try -- ./report.sh"],
  ["standby", "while-leader -n jobs --endpoints a:2379,b:2379,c:2379 -- ./worker"],
  ["ask", "while-leader -n jobs --who"],
];

/** The first lines of `--help`. */
export const USAGE = `${SYNOPSIS}\n\n${PURPOSE}`;

/** The last lines of `--help`. */
export const EPILOGUE = [
  filled(`${DURATIONS} ${VARIABLES}`).join("\n"),
  ["Exit status:", COMMAND_STATUS, ...EXIT_STATUSES.map(([status, when]) => `${status.padEnd(2)}  ${when}`)]
    .map(hanging)
    .join("\n"),
  ["Examples:", ...EXAMPLES.map(([what, text]) => `  ${`${what}:`.padEnd(9)} ${text}`)].join("\n"),
].join("\n\n");

/** A heading, and below it what is told there: further in, and its second lines further still. */
function hanging(text: string, index: number): string {
  return index === 0 ? text : `  ${filled(text).join("\n      ")}`;
}

/** Lines that have room at a terminal of 80 columns, also further in. */
function filled(text: string): readonly string[] {
  return text.match(/\S(?:.{0,73}\S)?(?!\S)/g) ?? [];
}
