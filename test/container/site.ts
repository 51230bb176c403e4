import { spawnSync } from "node:child_process";
import type { Test } from "tap";
import { atExit } from "../helpers/at-exit.js";
import { runCommand, type Finished } from "../helpers/command.js";
import { until } from "../helpers/until.js";
import { Container, removeWith, uniqueName, type ContainerOptions } from "./container.js";
import { docker, IMAGES, tryDocker } from "./engine.js";

/** A network of its own with an etcd in a container, in which every container of a test is a host. */
export class Site {
  readonly network: string;
  readonly etcd: string;
  readonly election = "web";
  /** As `enableAuth` wants it. */
  login: string | undefined;
  readonly #t: Test;

  static async open(t: Test): Promise<Site> {
    const network = uniqueName("net");
    const forget = atExit(() => spawnSync("docker", ["network", "rm", network], { stdio: "ignore" }));
    await docker("network", "create", network);
    t.teardown(async () => {
      await tryDocker("network", "rm", network);
      forget();
    });
    const site = new Site(t, network);
    await site.#startEtcd();
    return site;
  }

  private constructor(t: Test, network: string) {
    this.#t = t;
    this.network = network;
    this.etcd = uniqueName("etcd");
  }

  /** Starts a candidate known by this name. Does not wait for anything. */
  candidate(host: string, options: ContainerOptions = {}): Container {
    const network = ["--network", this.network, "--network-alias", host];
    const env = { WHILE_LEADER_ELECTION: this.election, ETCDCTL_ENDPOINTS: "etcd:2379", ...options.env };
    return new Container(this.#t, host, { ...options, env, flags: [...network, ...(options.flags ?? [])] });
  }

  /** The same, and waits until its command runs. */
  async leader(host: string, options: ContainerOptions = {}): Promise<Container> {
    const candidate = this.candidate(host, options);
    await candidate.event("started");
    return candidate;
  }

  /** The same, and waits until it stands in the queue. */
  async standby(host: string, options: ContainerOptions = {}): Promise<Container> {
    const candidate = this.candidate(host, options);
    await candidate.event("standby");
    return candidate;
  }

  /** Never rejects. */
  etcdctl(...args: string[]): Promise<Finished> {
    const login = this.login === undefined ? [] : [`--user=${this.login}`];
    return runCommand("docker", ["exec", this.etcd, "etcdctl", ...login, ...args]);
  }

  /** Who stands in the queue, the leader first. */
  async queue(): Promise<string[]> {
    const { stdout } = await this.etcdctl(
      "get",
      "--prefix",
      `${this.election}/`,
      "--sort-by=CREATE",
      "--print-value-only",
    );
    return stdout.split("\n").filter(Boolean);
  }

  async #startEtcd(): Promise<void> {
    const flags = ["--detach", "--name", this.etcd, "--network", this.network, "--network-alias", "etcd"];
    const urls = ["--listen-client-urls=http://0.0.0.0:2379", "--advertise-client-urls=http://etcd:2379"];
    removeWith(this.#t, this.etcd);
    await docker("run", ...flags, IMAGES.etcd, "etcd", ...urls);
    await until("etcd to answer", async () => (await this.etcdctl("endpoint", "health")).code === 0, {
      timeoutMs: 60_000,
    });
  }
}
