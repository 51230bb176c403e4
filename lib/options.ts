import { DEFAULTS } from "./defaults.js";
import { formatDuration } from "./duration.js";

/** How the text of an option is read. */
export type Kind =
  "text" | "duration" | "percent" | "choice" | "signal" | "signals" | "address" | "flag" | "count" | "number";

/** One option: everything that argv, the environment, `--help` and the README need to know of it. */
export interface Option {
  readonly name: string;
  readonly alias?: string;
  readonly group: "Election:" | "Ask:" | "etcd:" | "Command:" | "Output:";
  readonly kind: Kind;
  /** What stands for the value in `--help`. */
  readonly value?: string;
  /** The default as `--help` shows it. */
  readonly fallback?: string;
  readonly choices?: readonly string[];
  readonly describe: string;
  /** Environment variables that set it, first one first. */
  readonly environment: readonly string[];
}

/** `WHILE_LEADER_KEY` tells the workload its key in etcd; a while-leader inside of it would take that for the TLS key's file. */
const KEY_VARIABLE = "WHILE_LEADER_KEY_FILE";

const option = (
  group: Option["group"],
  name: string,
  rest: Omit<Option, "group" | "name" | "environment">,
): Option => ({
  group,
  name,
  ...rest,
  environment: [
    name === "key" ? KEY_VARIABLE : `WHILE_LEADER_${variable(name)}`,
    ...(group === "etcd:" && name !== "password-file" ? [`ETCDCTL_${variable(name)}`] : []),
  ],
});

/** Every option, in the order of `--help`. */
export const OPTIONS = [
  option("Election:", "election", {
    alias: "n",
    kind: "text",
    value: "NAME",
    describe: "election to take part in: the key prefix, as in 'etcdctl elect NAME'; without it the command just runs",
  }),
  option("Election:", "identity", {
    kind: "text",
    value: "VALUE",
    fallback: "host name",
    describe: "published as the value of our key",
  }),
  option("Election:", "ttl", {
    kind: "duration",
    value: "DURATION",
    fallback: formatDuration(DEFAULTS.ttl),
    describe: "lease time to live to ask for",
  }),
  option("Election:", "lost-grace", {
    kind: "duration",
    value: "DURATION",
    fallback: "30 % of the TTL",
    describe: "from SIGTERM to SIGKILL when leadership is lost",
  }),
  option("Election:", "kill-margin", {
    kind: "duration",
    value: "DURATION",
    fallback: "10 % of the TTL, at most 1s",
    describe: "SIGKILL at least this long before the lease can run out",
  }),
  option("Election:", "clock-drift", {
    kind: "percent",
    value: "PERCENT",
    fallback: String(DEFAULTS.clockDrift * 100),
    describe: "bound on the difference in rate between two hosts' clocks",
  }),
  option("Election:", "on-lost", {
    kind: "choice",
    value: "rejoin|exit",
    choices: ["rejoin", "exit"],
    fallback: DEFAULTS.onLost,
    describe: "after a lost term: back to standby, or exit 75",
  }),
  option("Election:", "wait", {
    kind: "duration",
    value: "DURATION",
    fallback: "forever",
    describe: "give up when not elected within it",
  }),
  option("Election:", "step-down", {
    kind: "flag",
    describe: "start nothing: ask the present leader to hand over, and wait until another one leads",
  }),
  option("Election:", "try", { kind: "flag", describe: "exit 75 at once if somebody else leads" }),
  option("Ask:", "who", { kind: "flag", describe: "print who leads and who waits; starts nothing" }),
  option("Ask:", "watch", {
    kind: "flag",
    describe: "print that, and then every change, until Ctrl-C; starts nothing",
  }),
  option("Ask:", "json", { kind: "flag", describe: "with --who and --watch: one JSON object a line" }),
  option("etcd:", "endpoints", {
    kind: "text",
    value: "LIST",
    fallback: DEFAULTS.endpoints,
    describe: "comma-separated",
  }),
  option("etcd:", "cacert", { kind: "text", value: "FILE", describe: "CA that signed the servers' certificates" }),
  option("etcd:", "cert", { kind: "text", value: "FILE", describe: "our certificate" }),
  option("etcd:", "key", { kind: "text", value: "FILE", describe: "our certificate's private key" }),
  option("etcd:", "user", { kind: "text", value: "NAME[:PASSWORD]", describe: "etcd user" }),
  option("etcd:", "password-file", { kind: "text", value: "FILE", describe: "file with the user's password" }),
  option("etcd:", "dial-timeout", {
    kind: "duration",
    value: "DURATION",
    fallback: formatDuration(DEFAULTS.dialTimeout),
    describe: "for one connection attempt",
  }),
  option("etcd:", "command-timeout", {
    kind: "duration",
    value: "DURATION",
    fallback: formatDuration(DEFAULTS.commandTimeout),
    describe: "for one request that is not a renewal",
  }),
  option("Command:", "kill-after", {
    kind: "duration",
    value: "DURATION",
    fallback: formatDuration(DEFAULTS.killAfter),
    describe: "from the stop signal to SIGKILL",
  }),
  option("Command:", "stop-on", {
    kind: "signals",
    value: "LIST",
    fallback: DEFAULTS.stopOn.map((signal) => signal.slice(3)).join(","),
    describe: "which signals to while-leader mean 'stop'",
  }),
  option("Command:", "stop-with", {
    kind: "signal",
    value: "SIGNAL",
    fallback: "the one received",
    describe: "what the command is sent instead",
  }),
  option("Command:", "group", {
    alias: "g",
    kind: "flag",
    describe: "pass signals on to the command's whole process group",
  }),
  option("Command:", "restart", {
    kind: "choice",
    value: "no|on-failure|always",
    choices: ["no", "on-failure", "always"],
    fallback: "no",
    describe: "start a command that ended by itself again, in the same term",
  }),
  option("Command:", "max-restarts", {
    kind: "number",
    value: "N",
    fallback: String(DEFAULTS.maxRestarts),
    describe: "restarts in a row that may fail within 10 s before leadership is given back",
  }),
  option("Command:", "health-cmd", {
    kind: "text",
    value: "COMMAND",
    describe: "run by the shell again and again; a command that it finds unhealthy is stopped, and another host leads",
  }),
  option("Command:", "health-interval", {
    kind: "duration",
    value: "DURATION",
    fallback: formatDuration(DEFAULTS.healthInterval),
    describe: "from the start to the first look at its health, and from the end of each look to the next",
  }),
  option("Command:", "health-timeout", {
    kind: "duration",
    value: "DURATION",
    fallback: formatDuration(DEFAULTS.healthTimeout),
    describe: "a look that takes longer has failed",
  }),
  option("Command:", "health-retries", {
    kind: "number",
    value: "N",
    fallback: String(DEFAULTS.healthRetries),
    describe: "failed looks in a row that make it unhealthy",
  }),
  option("Command:", "health-start-period", {
    kind: "duration",
    value: "DURATION",
    fallback: "0s",
    describe: "from the start; looks that fail before the first good one do not count within it",
  }),
  option("Command:", "on-elected", {
    kind: "text",
    value: "COMMAND",
    describe: "run by the shell before the command is first started; if it fails, another host leads",
  }),
  option("Command:", "on-resigned", {
    kind: "text",
    value: "COMMAND",
    describe: "run by the shell when nothing of the command is left, before leadership is given back",
  }),
  option("Command:", "hook-timeout", {
    kind: "duration",
    value: "DURATION",
    fallback: formatDuration(DEFAULTS.hookTimeout),
    describe: "a hook that takes longer is killed, and has failed",
  }),
  option("Command:", "guard", {
    kind: "choice",
    value: "auto|on|off",
    choices: ["auto", "on", "off"],
    fallback: "auto",
    describe: "a second process that ends the command if while-leader is killed or stuck; auto: with an election",
  }),
  option("Output:", "listen", {
    kind: "address",
    value: "HOST:PORT",
    describe: "answer /livez, /readyz, /leader and /metrics there",
  }),
  option("Output:", "probe", {
    kind: "choice",
    value: "livez|readyz",
    choices: ["livez", "readyz"],
    describe: "ask the while-leader at --listen: exit 0 if it is well, else 1; no command",
  }),
  option("Output:", "log-format", {
    kind: "choice",
    value: "text|json",
    choices: ["text", "json"],
    fallback: "text",
    describe: "of the log on stderr",
  }),
  option("Output:", "verbose", { alias: "v", kind: "count", describe: "say more; -vv for a line per renewal" }),
  option("Output:", "quiet", { alias: "q", kind: "flag", describe: "errors alone" }),
] as const satisfies readonly Option[];

export type OptionName = (typeof OPTIONS)[number]["name"];

/** Read besides the options: `etcdctl` takes its password from here when `--user` has none. */
export const PASSWORD_VARIABLE = "ETCDCTL_PASSWORD";

/** The variables that are ours alone; the workload does not see them. */
export const OWN_VARIABLES: readonly string[] = OPTIONS.flatMap(({ environment }) =>
  environment.filter((name) => name.startsWith("WHILE_LEADER_")),
);

function variable(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}
