import { setTimeout as pause } from "node:timers/promises";
import type { Owner } from "../helpers/at-exit.js";
import type { Child } from "../helpers/child.js";
import type { EtcdCluster } from "../helpers/etcd-server.js";
import type { Member } from "../helpers/etcd-member.js";
import { monotonic } from "./clock.js";
import type { KeyEvent } from "./history.js";

/** A watch that has ended is begun again after so long: its member is dead, or not yet back. */
const AGAIN_MS = 300;
/** How late a change may be seen for want of looking. */
const LOOK_MS = 20;

interface WatchAnswer {
  readonly Events?:
    | readonly {
        readonly type?: number;
        readonly kv: { key: string; value?: string; create_revision?: number; mod_revision: number };
      }[]
    | null;
}

/**
 * Every change of the election's keys, as etcd tells it: one `etcdctl watch` at each member, so that one that is frozen, cut off or
 * compacted before it got to know hides nothing.
 */
export class KeyLog {
  readonly #cluster: EtcdCluster;
  readonly #owner: Owner;
  readonly #prefix: string;
  readonly #events = new Map<string, KeyEvent>();
  readonly #missed = new Map<Member, [bigint, bigint][]>();
  readonly #watches = new Set<Child>();
  #compacted = 0n;
  #over = false;

  constructor(cluster: EtcdCluster, election: string, owner: Owner) {
    this.#cluster = cluster;
    this.#owner = owner;
    this.#prefix = `${election}/`;
    for (const member of cluster.members) void this.#follow(member);
  }

  /** In the order of their revisions. */
  get events(): KeyEvent[] {
    return [...this.#events.values()].toSorted((a, b) => Number(a.revision - b.revision));
  }

  /** Whatever nobody saw. */
  get unseen(): [bigint, bigint][] {
    const all = this.#cluster.members.map((member) => this.#missed.get(member) ?? []);
    return all.reduce((some, others) =>
      some.flatMap(([from, to]) =>
        others.map(([a, b]): [bigint, bigint] => [from > a ? from : a, to < b ? to : b]).filter(([a, b]) => a < b),
      ),
    );
  }

  /** Tells that what is older than this revision cannot be asked for any more. */
  compacted(revision: bigint): void {
    if (revision > this.#compacted) this.#compacted = revision;
  }

  async end(): Promise<void> {
    this.#over = true;
    await Promise.all([...this.#watches].map((watch) => watch.end()));
  }

  async #follow(member: Member): Promise<void> {
    for (let next = 1n; !this.#over; await pause(AGAIN_MS)) {
      if (!member.isRunning) continue;
      const from = next;
      const args = ["watch", "--prefix", this.#prefix, `--rev=${from}`, "-w=json", `--endpoints=${member.clientUrl}`];
      const watch = this.#cluster.etcdctlSpawn(args, this.#owner);
      this.#watches.add(watch);
      for (let read = 0, over = false; !over;) {
        // Asked before the last look: what came before its end is read.
        over = watch.hasExited;
        const end = watch.stdout.lastIndexOf("\n") + 1;
        for (const line of watch.stdout.slice(read, end).split("\n")) next = this.#take(line, next);
        read = end;
        await (over ? watch.exited : pause(LOOK_MS));
      }
      this.#watches.delete(watch);
      if (!/compacted/.test(watch.stderr + watch.stdout) || this.#compacted <= next) continue;
      this.#missed.set(member, [...(this.#missed.get(member) ?? []), [next, this.#compacted]]);
      next = this.#compacted;
    }
  }

  /** @returns from which revision a watch goes on after this line. */
  #take(line: string, next: bigint): bigint {
    for (const { type, kv } of answerIn(line).Events ?? []) {
      const revision = BigInt(kv.mod_revision);
      const key = text(kv.key);
      const name = `${revision} ${key}`;
      if (revision >= next) next = revision + 1n;
      if (this.#events.has(name)) continue;
      this.#events.set(name, {
        type: type === 1 ? "delete" : "put",
        key,
        revision,
        created: BigInt(kv.create_revision ?? 0),
        value: text(kv.value ?? ""),
        seenAt: monotonic(),
      });
    }
    return next;
  }
}

function answerIn(line: string): WatchAnswer {
  try {
    return JSON.parse(line) as WatchAnswer;
  } catch {
    return {}; // what etcdctl says of a watch that has ended
  }
}

function text(base64: string): string {
  return Buffer.from(base64, "base64").toString();
}
