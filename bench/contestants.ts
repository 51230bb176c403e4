import { readFileSync } from "node:fs";
import { Child, type ChildOptions } from "../test/helpers/child.js";
import { environmentWithout } from "../test/helpers/command.js";
import { onPath, type EtcdBinaries } from "../test/helpers/etcd-binaries.js";
import { projectPath } from "../test/helpers/paths.js";
import { withoutTap } from "../test/helpers/wrapper.js";

/** Of both who hold a lease: the default of `etcdctl lock`, and ours. */
export const TTL = 10; // s

/** Where a candidate takes part, and what it runs when it leads. */
export interface Seat {
  readonly election: string;
  readonly endpoint: string;
  readonly workload: readonly string[];
}

/** A way to have a command run. */
export interface Contestant {
  readonly name: string;
  /** File and arguments; undefined if it is not installed here. */
  readonly words: ((seat: Seat) => readonly string[]) | undefined;
}

const { bin } = JSON.parse(readFileSync(projectPath("package.json"), "utf8")) as { bin: Record<string, string> };
/** The program that ships, as it was built. */
export const ENTRY = projectPath(bin["while-leader"] ?? "");

/** With `options` of its own. */
export function whileLeaderWith(name: string, ...options: readonly string[]): Contestant {
  return {
    name,
    words: ({ election, endpoint, workload }) => {
      const seat = ["--election", election, "--ttl", `${TTL}s`, "--endpoints", endpoint];
      return [process.execPath, ENTRY, ...options, ...seat, "--", ...workload];
    },
  };
}

export const whileLeader = whileLeaderWith("while-leader");

/** Without an election. */
export const whileLeaderAlone: Contestant = {
  name: "while-leader without an election",
  words: ({ workload }) => [process.execPath, ENTRY, "--", ...workload],
};

export function etcdctlLock({ etcdctl }: EtcdBinaries): Contestant {
  return {
    name: "etcdctl lock",
    words: ({ election, endpoint, workload }) => {
      return [etcdctl, `--endpoints=${endpoint}`, "lock", `--ttl=${TTL}`, "--", election, ...workload];
    },
  };
}

/** The command, and nobody around it. */
export const bare: Contestant = { name: "nobody around it", words: ({ workload }) => workload };

/** -s: as while-leader and dumb-init, it is there for orphans also where it is not PID 1. */
export const tini = await installed("tini", "-s", "--");
export const dumbInit = await installed("dumb-init", "--");

async function installed(name: string, ...options: readonly string[]): Promise<Contestant> {
  const file = await onPath(name);
  return { name, words: file === undefined ? undefined : ({ workload }) => [file, ...options, ...workload] };
}

// Without what would make a Node slower or have somebody find other settings. A proxy that is set for the world outside
// cannot lead to an etcd in here, but gRPC would ask it.
const ENVIRONMENT = {
  ...environmentWithout("NODE_", "ETCD", "ETCDCTL_", "WHILE_LEADER_", "GRPC_", "npm_"),
  ETCDCTL_API: "3",
  no_grpc_proxy: "127.0.0.1",
};

/** Starts one, away from the terminal, under another command if one is given. Does not wait for anything. */
export function start(
  { name, words }: Contestant,
  seat: Seat,
  { under = [], ...options }: ChildOptions & { readonly under?: readonly string[] } = {},
): Child {
  if (words === undefined) throw new Error(`${name} is not installed`);
  const [file = "", ...args] = [...cleanly(), ...under, ...words(seat)];
  return new Child(file, args, { detached: true, env: ENVIRONMENT, ...options });
}

/** In a test what takes tap out of a child again; else nothing, for env(1) would be measured too. */
function cleanly(): string[] {
  const flags = withoutTap();
  return flags.length === 0 ? [] : ["/usr/bin/env", ...flags, "NODE_OPTIONS="];
}
