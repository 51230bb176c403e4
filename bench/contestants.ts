import { Child } from "../test/helpers/child.js";
import { environmentWithout } from "../test/helpers/command.js";
import type { EtcdBinaries } from "../test/helpers/etcd-binaries.js";
import { startWrapper } from "../test/helpers/wrapper.js";

/** Of both: the default of `etcdctl lock`, and ours. */
export const TTL = 10; // s

/** Where a candidate takes part, and what it runs when it leads. */
export interface Seat {
  readonly election: string;
  readonly endpoint: string;
  readonly workload: readonly string[];
}

/** A program that runs a command while it leads. */
export interface Contestant {
  readonly name: string;
  /** Starts a candidate, away from the terminal. Does not wait for anything. */
  start(seat: Seat): Child;
}

export const whileLeader: Contestant = {
  name: "while-leader",
  start({ election, endpoint, workload }) {
    const args = ["--election", election, "--ttl", `${TTL}s`, "--endpoints", endpoint, "--", ...workload];
    // A proxy that is set for the world outside cannot lead to an etcd in here, but gRPC would ask it.
    return startWrapper(args, { detached: true, env: { no_grpc_proxy: "127.0.0.1" } });
  },
};

export function etcdctlLock({ etcdctl }: EtcdBinaries): Contestant {
  return {
    name: "etcdctl lock",
    start({ election, endpoint, workload }) {
      const args = [`--endpoints=${endpoint}`, "lock", `--ttl=${TTL}`, election, ...workload];
      const env = { ...environmentWithout("ETCD"), ETCDCTL_API: "3" };
      return new Child(etcdctl, args, { detached: true, env });
    },
  };
}
