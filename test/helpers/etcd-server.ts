import { mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit, type Owner } from "./at-exit.js";
import { Child } from "./child.js";
import { environmentWithout, runCommand, type Finished } from "./command.js";
import { requireEtcd, type EtcdBinaries } from "./etcd-binaries.js";
import type { TlsFiles } from "./etcd-gateway.js";
import { Member, PortTaken } from "./etcd-member.js";
import { freePorts } from "./free-ports.js";
import { fixture } from "./paths.js";
import { until } from "./until.js";

export interface EtcdOptions {
  /** Stops the cluster with this test. */
  t?: Owner;
  /** `requireEtcd()` when not given. */
  binaries?: EtcdBinaries;
  members?: 1 | 3 | 5;
  /** TLS towards clients, with the certificates of test/fixtures/tls; "mutual" asks for the client's too. */
  tls?: "server" | "mutual";
  /** etcd's --auth-token: "simple" when not given. */
  authToken?: string;
  /** How long a simple token is good for, in seconds; 300 when not given. */
  authTokenTtl?: number;
  /** 1000 when not given; the least TTL that etcd grants is one and a half times this. The heartbeat is a tenth. */
  electionTimeoutMs?: number;
  /** The network between the members; they reach each other directly when not given. */
  peers?: PeerNetwork;
  /** More arguments for every member. */
  args?: readonly string[];
}

/** Something between the members of a cluster. */
export interface PeerNetwork {
  /** Where the others find each member, which itself listens on these ports. Called before any member is started. */
  urls(peerPorts: readonly number[]): Promise<readonly string[]>;
  /** Tells who the members are, before any of them is started. */
  serve(members: readonly Member[]): void;
}

// Ports are asked for and then taken: two clusters may want the same one in between.
const PORT_ATTEMPTS = 5;

/** Starts a throw-away etcd on 127.0.0.1 and resolves when every member answers linearizable reads. */
export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdCluster> {
  const binaries = options.binaries ?? (await requireEtcd());
  for (let attempt = 1; ; attempt++) {
    const cluster = await EtcdCluster.create(binaries, options);
    const starts = await Promise.allSettled(cluster.members.map((member) => member.start()));
    const failures = starts.filter((start) => start.status === "rejected").map((start) => start.reason as unknown);
    if (failures.length === 0) {
      options.t?.teardown(() => cluster.stop());
      return cluster;
    }
    await cluster.stop();
    const taken = failures.some((failure) => failure instanceof PortTaken);
    if (!taken || attempt === PORT_ATTEMPTS) throw failures[0];
  }
}

/** A running etcd of one or several members, which nobody else uses. */
export class EtcdCluster {
  readonly members: readonly Member[];
  /** Client URLs of all members, with commas between. */
  readonly endpoints: string;
  readonly version: string;
  /** What a client needs besides the endpoints. */
  readonly tls: TlsFiles | undefined;
  /** "name:password" for `etcdctl`, once authentication is on. */
  login: string | undefined;

  /** The binary that belongs to these servers. */
  readonly etcdctlFile: string;
  readonly #folder: string;
  readonly #forget: () => void;
  #stopped: Promise<void> | undefined;

  static async create(binaries: EtcdBinaries, options: EtcdOptions): Promise<EtcdCluster> {
    const count = options.members ?? 1;
    const ports = await freePorts(2 * count);
    const names = Array.from({ length: count }, (_, index) => `m${index}`);
    const peerPorts = ports.slice(count);
    const urls = (await options.peers?.urls(peerPorts)) ?? peerPorts.map((port) => `http://127.0.0.1:${port}`);
    // No wait between the folder and whoever removes it.
    const folder = mkdtempSync(join(tmpdir(), "while-leader-etcd-"));
    const settings = {
      etcd: binaries.etcd,
      folder,
      tls: clientFiles(options.tls, "rig"),
      args: [
        `--initial-cluster=${names.map((name, index) => `${name}=${urls[index]}`).join(",")}`,
        ...serverArguments(binaries.version, options),
      ],
    };
    const members = names.map((name, index) => {
      const [clientPort = 0, peerPort = 0, peerUrl = ""] = [ports[index], peerPorts[index], urls[index]];
      return new Member({ ...settings, name, clientPort, peerPort, peerUrl });
    });
    options.peers?.serve(members);
    return new EtcdCluster(binaries, folder, members, clientFiles(options.tls, "client"));
  }

  private constructor(binaries: EtcdBinaries, folder: string, members: Member[], tls: TlsFiles | undefined) {
    this.members = members;
    this.endpoints = members.map((member) => member.clientUrl).join(",");
    this.version = binaries.version;
    this.tls = tls;
    this.etcdctlFile = binaries.etcdctl;
    this.#folder = folder;
    this.#forget = atExit(() => {
      members.forEach((member) => member.killNow());
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
    });
  }

  /** The only member, or the first of several. */
  get member(): Member {
    const first = this.members[0];
    if (!first) throw new Error("a cluster without members");
    return first;
  }

  /** The flags by which `etcdctl` and `while-leader` alike reach this cluster, login not included. */
  get flags(): string[] {
    return [`--endpoints=${this.endpoints}`, ...this.#tlsFlags()];
  }

  /** The member that leads: of those that neither are frozen nor dead and claim to, the one of the highest term. */
  leader(timeoutMs = 10_000): Promise<Member> {
    return until(
      "an etcd leader",
      async () => {
        const all = await Promise.all(this.members.map(async (member) => ({ member, status: await member.status() })));
        const claims = all.filter(({ status }) => status?.leads);
        return claims.toSorted((a, b) => (b.status?.raftTerm ?? 0) - (a.status?.raftTerm ?? 0))[0]?.member;
      },
      { timeoutMs },
    );
  }

  /** Runs etcdctl against the members that run; never rejects, its failure is in the code. */
  etcdctl(...args: string[]): Promise<Finished> {
    return this.etcdctlReading("", ...args);
  }

  /** The same with something on its stdin, such as the text of a `txn`. */
  etcdctlReading(input: string, ...args: string[]): Promise<Finished> {
    return runCommand(this.etcdctlFile, [...this.#etcdctlFlags(), ...args], { input, env: etcdctlEnvironment() });
  }

  /** Starts an etcdctl that goes on: `lock`, `elect`, `watch`, `lease keep-alive`. */
  etcdctlSpawn(args: readonly string[], t?: Owner): Child {
    const options = { env: etcdctlEnvironment(), detached: true, ...(t && { t }) };
    return new Child(this.etcdctlFile, [...this.#etcdctlFlags(), ...args], options);
  }

  /** Kills every member, frozen or not, waits until they are gone, and removes all they wrote. Good to be called twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    await rm(this.#folder, { recursive: true, force: true });
    this.#forget();
  }

  #etcdctlFlags(): string[] {
    const running = this.members.filter((member) => member.isRunning).map((member) => member.clientUrl);
    return [
      `--endpoints=${running.join(",") || this.endpoints}`,
      "--dial-timeout=2s",
      "--command-timeout=5s",
      ...this.#tlsFlags(),
      ...(this.login === undefined ? [] : [`--user=${this.login}`]),
    ];
  }

  #tlsFlags(): string[] {
    return Object.entries(this.tls ?? {}).map(([name, file]) => `--${name}=${file}`);
  }
}

function serverArguments(version: string, options: EtcdOptions): string[] {
  const { tls, authToken, authTokenTtl, electionTimeoutMs, args = [] } = options;
  const own = [
    "--initial-cluster-state=new",
    // Nobody's data: a disk that is slow to sync only costs elections. 3.4 has no such switch.
    version.startsWith("3.4.") ? [] : "--unsafe-no-fsync",
    authToken === undefined ? [] : `--auth-token=${authToken}`,
    authTokenTtl === undefined ? [] : `--auth-token-ttl=${authTokenTtl}`,
    electionTimeoutMs === undefined
      ? []
      : [`--election-timeout=${electionTimeoutMs}`, `--heartbeat-interval=${Math.ceil(electionTimeoutMs / 10)}`],
    tls === undefined ? [] : [`--cert-file=${tlsFile("server.pem")}`, `--key-file=${tlsFile("server-key.pem")}`],
    tls === "mutual" ? ["--client-cert-auth", `--trusted-ca-file=${tlsFile("ca.pem")}`] : [],
  ];
  return [...own.flat(), ...args];
}

function clientFiles(tls: EtcdOptions["tls"], name: string): TlsFiles | undefined {
  if (tls === undefined) return undefined;
  const cacert = tlsFile("ca.pem");
  return tls === "server" ? { cacert } : { cacert, cert: tlsFile(`${name}.pem`), key: tlsFile(`${name}-key.pem`) };
}

function tlsFile(name: string): string {
  return fixture(`tls/${name}`);
}

function etcdctlEnvironment(): NodeJS.ProcessEnv {
  return { ...environmentWithout("ETCD"), ETCDCTL_API: "3" };
}
