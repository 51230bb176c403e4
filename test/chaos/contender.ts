import { appendFileSync } from "node:fs";
import type { Child } from "../helpers/child.js";
import { until } from "../helpers/until.js";
import { monotonic } from "./clock.js";
import { queueOf, type Scene } from "./scene.js";

/** etcdctl resigns within milliseconds when etcd answers. */
const END_LIMIT = 3_000;
/** What etcdctl could not give back itself is taken from it as soon as etcd answers, which it does when all is undone. */
const TAKE_LIMIT = 40_000;

const NAME = "contender";

let contenders = 0;

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
    this.#child.stdoutLine(this.who, TAKE_LIMIT).then(
      () => this.#beat(),
      () => undefined, // its turn never came
    );
  }

  /** Has it resign; resolves when nothing of it is left, its key included. */
  async end(): Promise<void> {
    if (this.#child.stdout.includes(this.who)) await this.#beat();
    this.#child.kill("SIGINT");
    await this.#child.exitedWithin(END_LIMIT).catch(() => undefined);
    await this.#child.end();
    await until("a contender's key to be gone", () => this.#takeKey(), { timeoutMs: TAKE_LIMIT, everyMs: 100 });
  }

  /** Its lease is a minute long: whoever waited for that would wait for the whole run. */
  async #takeKey(): Promise<boolean> {
    const queue = await queueOf(this.#scene);
    const own = queue?.find(({ value }) => value === this.who);
    if (own) await this.#scene.cluster.etcdctl("lease", "revoke", own.lease);
    return queue !== undefined && own === undefined;
  }

  /** Only as long as its key leads, which it does not look after itself. */
  async #beat(): Promise<void> {
    const first = (await queueOf(this.#scene))?.[0];
    if (first?.value !== this.who) return;
    const line = `${monotonic().toFixed(3)} ${first.created} ${this.who} ${this.#child.pid} contender\n`;
    appendFileSync(this.#scene.beats, line);
  }
}
