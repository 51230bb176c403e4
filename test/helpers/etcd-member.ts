import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { environmentWithout } from "./command.js";
import { isHealthy, statusOf, type MemberStatus, type TlsFiles } from "./etcd-gateway.js";
import { processRow } from "./processes.js";
import { until } from "./until.js";

export interface MemberSettings {
  etcd: string;
  name: string;
  /** Holds the member's data and its log. */
  folder: string;
  clientPort: number;
  peerPort: number;
  /** Where the other members find it, if not at its own port. */
  peerUrl?: string;
  /** What the rig itself shows the server, which then uses TLS towards clients. */
  tls: TlsFiles | undefined;
  /** All the arguments that are the same for every member. */
  args: readonly string[];
}

/** The member could not listen on one of its ports: somebody else was faster. */
export class PortTaken extends Error {}

// 1 to 2 s alone, several times that when other tests keep the machine busy.
const READY_LIMIT = 30_000;

/** One etcd server process, and after a restart the next one on the same data and ports. */
export class Member {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly logFile: string;
  readonly #settings: MemberSettings;
  #process: ChildProcess | undefined;
  #state: "running" | "frozen" | "dead" = "dead";
  #logFrom = 0;

  constructor(settings: MemberSettings) {
    this.#settings = settings;
    this.name = settings.name;
    this.clientPort = settings.clientPort;
    this.peerPort = settings.peerPort;
    this.clientUrl = `${settings.tls ? "https" : "http"}://127.0.0.1:${settings.clientPort}`;
    this.peerUrl = settings.peerUrl ?? `http://127.0.0.1:${settings.peerPort}`;
    this.logFile = join(settings.folder, `${settings.name}.log`);
  }

  /** The process that runs now, or the last one that did. */
  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error(`etcd ${this.name} was never started`);
    return pid;
  }

  /** Neither frozen nor killed. */
  get isRunning(): boolean {
    return this.#state === "running" && this.#process !== undefined && !hasEnded(this.#process);
  }

  /** Starts the server, or starts it again, and resolves once it answers a linearizable read: that takes a quorum. */
  async start(): Promise<void> {
    await this.kill();
    this.#spawn();
    await until(`etcd ${this.name} to answer`, () => this.#answers(), { timeoutMs: READY_LIMIT }).catch((error) => {
      throw error instanceof PortTaken ? error : new Error(`${error}\n${this.#log().slice(-2_000)}`, { cause: error });
    });
  }

  /** Kills the server if it runs, starts it again on its data, and waits as `start` does. */
  restart(): Promise<void> {
    return this.start();
  }

  /** Stops the process as it stands (SIGSTOP): its connections stay open, nothing is answered. */
  async freeze(): Promise<void> {
    this.#signal("SIGSTOP");
    await until(`etcd ${this.name} to stop`, () => processRow(this.pid)?.state.toUpperCase() === "T", { everyMs: 1 });
    this.#state = "frozen";
  }

  async thaw(): Promise<void> {
    this.#signal("SIGCONT");
    await until(`etcd ${this.name} to go on`, () => processRow(this.pid)?.state.toUpperCase() !== "T", { everyMs: 1 });
    this.#state = "running";
  }

  /** Ends the process with SIGKILL, frozen or not, and resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#state = "dead";
    if (!child || hasEnded(child)) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  /** As `kill`, without waiting: for the exit of this process. */
  killNow(): void {
    if (this.#process && !hasEnded(this.#process)) this.#process.kill("SIGKILL");
  }

  /** Whether it believes to lead the cluster; a member that does not answer does not lead. */
  async isLeader(): Promise<boolean> {
    return (await this.status())?.leads ?? false;
  }

  async status(): Promise<MemberStatus | undefined> {
    return this.isRunning ? statusOf(this.clientUrl, this.#settings.tls) : undefined;
  }

  #spawn(): void {
    const { etcd, name, folder, args } = this.#settings;
    const own = [
      `--name=${name}`,
      `--data-dir=${join(folder, name)}`,
      `--listen-client-urls=${this.clientUrl}`,
      `--advertise-client-urls=${this.clientUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${this.peerPort}`,
      `--initial-advertise-peer-urls=${this.peerUrl}`,
    ];
    const log = openSync(this.logFile, "a");
    this.#logFrom = statSync(this.logFile).size;
    const env = environmentWithout("ETCD");
    const child = spawn(etcd, [...own, ...args], { stdio: ["ignore", log, log], env });
    closeSync(log);
    child.on("error", () => undefined); // told by the missing pid already
    if (child.pid === undefined) throw new Error(`cannot start ${etcd}`);
    this.#process = child;
    this.#state = "running";
  }

  async #answers(): Promise<boolean> {
    const log = this.#log();
    if (this.#process && hasEnded(this.#process)) {
      if (log.includes("address already in use")) throw new PortTaken(`a port of etcd ${this.name} is taken`);
      throw new Error(`etcd ${this.name} ended by itself`);
    }
    // Somebody else's etcd on a port that this one cannot have would answer as well.
    return log.includes("ready to serve client requests") && isHealthy(this.clientUrl, this.#settings.tls);
  }

  #log(): string {
    return readFileSync(this.logFile).subarray(this.#logFrom).toString();
  }

  #signal(name: NodeJS.Signals): void {
    if (!this.#process?.kill(name)) throw new Error(`etcd ${this.name} does not run: it cannot get ${name}`);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
