import { execFileSync } from "node:child_process";
import type { EtcdCluster } from "../helpers/etcd-server.js";
import { projectPath } from "../helpers/paths.js";
import { WIDE_MARGIN } from "../integration/stage.js";
import type { CommandOf } from "./candidates.js";
import type { Mode } from "./history.js";

const entry = projectPath("dist/bin/while-leader.cjs");

/** A workload that ignores SIGTERM costs a planned hand-over this long. */
const KILL_AFTER = "700ms";

/**
 * How an instance of a candidate is started. Leases are short, so that a run holds many terms; the margin for SIGKILL is wide, for
 * the faults and the other seeds keep both cores of a small machine busy, and SIGKILL within the margin is what safety rests on.
 */
export function commandOf(
  mode: Mode,
  ttl: number,
  election: string,
  endpoints: string,
  cluster: EtcdCluster,
): CommandOf {
  if (mode === "lock") {
    const { etcdctlFile: etcdctl } = cluster;
    return (_who, workload) => [etcdctl, `--endpoints=${endpoints}`, "lock", `--ttl=${ttl}`, election, ...workload];
  }
  const guard = mode === "no-guard" && hasGuard() ? ["--guard", "off"] : [];
  const options = ["-vv", "--log-format", "json", "-n", election, "--endpoints", endpoints, "--ttl", `${ttl}s`];
  const own = [process.execPath, entry, ...options, "--kill-after", KILL_AFTER, ...WIDE_MARGIN, ...guard];
  return (who, workload) => [...own, "--identity", who, "--", ...workload];
}

/** Whether the wrapper that was built has a guard at all. */
export function hasGuard(): boolean {
  return execFileSync(process.execPath, [entry, "--help"], { encoding: "utf8" }).includes("--guard");
}
