import type { Test } from "tap";
import type { EtcdCluster } from "../helpers/etcd-server.js";
import { runToEnd, startWrapper, type Ended, type Wrapper, type WrapperOptions } from "../helpers/wrapper.js";

/** What `--json` writes on a line. */
export interface Told {
  time: string;
  election: string;
  leader: (ToldCandidate & { left: number | null; ttl: number | null }) | null;
  queue: ToldCandidate[];
  blocked: string | null;
}

export interface ToldCandidate {
  identity: string;
  key: string;
  revision: string;
  lease: string | null;
}

/** Runs `--who` to its end. */
export function who(etcd: EtcdCluster, election: string, ...args: string[]): Promise<Ended> {
  return runToEnd(["-n", election, "--who", ...etcd.flags, ...args]);
}

/** The object that `--who --json` writes. */
export async function whoFields(etcd: EtcdCluster, election: string, ...args: string[]): Promise<Told> {
  const { stdout, stderr } = await who(etcd, election, "--json", ...args);
  if (!/^\{.*\}\n$/.test(stdout)) throw new Error(`not one object: ${stdout}${stderr}`);
  return JSON.parse(stdout) as Told;
}

/** Starts `--watch`, and does not wait for anything. */
export function watch(
  t: Test,
  etcd: EtcdCluster,
  election: string,
  args: readonly string[] = [],
  options: WrapperOptions = {},
): Wrapper {
  return startWrapper(["-n", election, "--watch", ...etcd.flags, ...args], { t, ...options });
}

/** Starts `--watch --json`. */
export function watchFields(t: Test, etcd: EtcdCluster, election: string, ...args: string[]): Wrapper {
  return watch(t, etcd, election, ["--json", ...args]);
}

/** Everything that a `--json` has written so far. */
export function toldBy({ stdout }: Wrapper): Told[] {
  const lines = stdout.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Told);
}

/** Waits for a line for which this holds. */
export async function told(watcher: Wrapper, holds: (told: Told) => boolean): Promise<Told> {
  return JSON.parse(await watcher.stdoutLine((line) => holds(JSON.parse(line) as Told))) as Told;
}

/** A line in short: the identities, the leader's first. */
export function standing({ leader, queue }: Told): string {
  return [leader?.identity ?? "nobody", ...queue.map(({ identity }) => identity)].join(" ");
}
