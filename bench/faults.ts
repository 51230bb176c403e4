import type { Child } from "../test/helpers/child.js";
import { killRow } from "../test/helpers/processes.js";
import type { TcpProxy } from "../test/helpers/tcp-proxy.js";

/** A candidate that leads. */
export interface Leader {
  readonly candidate: Child;
  /** The process of its workload. */
  readonly workload: number;
  /** Its only way to etcd, if it has no direct one. */
  readonly network: TcpProxy | undefined;
}

/** What happens to a leader. */
export interface Fault {
  readonly name: string;
  /** Whose hand-over needs no lease to run out, by name: its runs are over soon, and have the machine for themselves. */
  readonly quickFor: readonly string[];
  readonly throughProxy?: boolean;
  strike(leader: Leader): void;
  /** What follows if the leader is still there after `after` milliseconds. */
  readonly insists?: { readonly after: number; strike(leader: Leader): void };
}

export const plannedStop: Fault = {
  name: "planned stop",
  quickFor: ["while-leader"],
  strike: ({ candidate }) => candidate.kill("SIGTERM"),
  // As `docker stop` does.
  insists: { after: 10_000, strike: ({ candidate }) => candidate.descendants().forEach(killRow) },
};

export const workloadKilled: Fault = {
  name: "workload SIGKILLed",
  quickFor: ["while-leader", "etcdctl lock"],
  strike: ({ workload }) => process.kill(workload, "SIGKILL"),
};

export const wrapperKilled: Fault = {
  name: "wrapper SIGKILLed",
  quickFor: ["while-leader"],
  strike: ({ candidate }) => candidate.kill("SIGKILL"),
};

export const wrapperStopped: Fault = {
  name: "wrapper SIGSTOPped",
  quickFor: [],
  strike: ({ candidate }) => candidate.kill("SIGSTOP"),
};

export const hostLost: Fault = {
  name: "host lost (partition)",
  quickFor: [],
  throughProxy: true,
  strike: ({ network }) => network?.swallow("both"),
};

export const FAULTS: readonly Fault[] = [plannedStop, workloadKilled, wrapperKilled, wrapperStopped, hostLost];
