import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Child } from "../helpers/child.js";
import { monotonic } from "./clock.js";
import { queueOf, type Scene } from "./scene.js";

/** etcdctl resigns within milliseconds when etcd answers. */
const END_LIMIT = 3_000;
/** Longer than any run: it waits for its turn. */
const TURN_LIMIT = 600_000;
/** Its lease is a minute long: whoever waited for that would wait for the whole run. So its key is looked for this often. */
const SWEEP_EVERY = 500;

const NAME = "contender";

let contenders = 0;

/** Those that have ended. */
const over = new Set<string>();

/**
 * An `etcdctl elect` that takes part in the election. When it is elected, and again just before it gives that up, it beats once
 * under its key's create revision: a workload that beats later under an older token ran beside another leader.
 */
export class Contender {
  readonly who = `${NAME}${++contenders}`;
  readonly #scene: Scene;
  readonly #child: Child;

  static isOne(value: string): boolean {
    return value.startsWith(NAME);
  }

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#child = scene.cluster.etcdctlSpawn(["elect", scene.election, this.who]);
    this.#child.stdoutLine(this.who, TURN_LIMIT).then(
      () => this.#beat(),
      () => undefined, // its turn never came
    );
  }

  /** Has it resign; resolves when its process is gone. */
  async end(): Promise<void> {
    if (this.#child.stdout.includes(this.who)) await this.#beat();
    this.#child.kill("SIGINT");
    await this.#child.exitedWithin(END_LIMIT).catch(() => undefined);
    await this.#child.end();
    over.add(this.who);
  }

  /** Only as long as its key leads, which it does not look after itself. */
  async #beat(): Promise<void> {
    const first = (await queueOf(this.#scene))?.[0];
    if (first?.value !== this.who) return;
    const line = `${monotonic().toFixed(3)} ${first.created} ${this.who} ${this.#child.pid} contender\n`;
    appendFileSync(this.#scene.beats, line);
  }
}

/**
 * Takes from contenders that have ended what they could not give back themselves, until the signal: a key can also come when its
 * contender is gone, by a request that waited in a member.
 */
export async function sweepContenders(scene: Scene, signal: AbortSignal): Promise<void> {
  for (; !signal.aborted; await pause(SWEEP_EVERY, undefined, { signal }).catch(() => undefined)) {
    if (over.size === 0) continue;
    for (const { value, lease } of (await queueOf(scene)) ?? [])
      if (over.has(value)) await scene.cluster.etcdctl("lease", "revoke", lease);
  }
}
