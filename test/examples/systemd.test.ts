import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import t, { type Test } from "tap";
import { DEFAULTS } from "../../lib/defaults.js";
import { parseDuration } from "../../lib/duration.js";
import { readBeats, violations } from "../helpers/beats.js";
import type { Child } from "../helpers/child.js";
import { runCommand } from "../helpers/command.js";
import { enableAuth } from "../helpers/etcd-auth.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { projectPath } from "../helpers/paths.js";
import { needsSystemdHost, SystemdHost } from "../helpers/systemd-host.js";
import { until } from "../helpers/until.js";

const UNIT = "while-leader@worker.service";
const example = (name: string): string => projectPath(`examples/systemd/${name}`);
const [TEMPLATE, LOGIN] = [example("while-leader@.service"), example("etcd-login.conf")];
// Four times that of other waits: two hosts are started meanwhile.
const PATIENCE = { timeoutMs: 80_000, everyMs: 50 };
const [WRAPPER, GUARD, COMMAND] = [/^\/opt\/node .*\/while-leader\.cjs /, /^while-leader-guard /, /\/beats\.js /];
const needsAnalyze = { skip: existsSync("/usr/bin/systemd-analyze") ? false : "systemd-analyze is not installed" };

t.jobs = 2;

void t.test("systemd-analyze has nothing to say against the unit", needsAnalyze, async (t) => {
  const verify = async (text: string): Promise<string> => {
    const file = join(t.testdir(), UNIT);
    writeFileSync(file, text.replace("/usr/local/bin/while-leader", process.execPath));
    const { code, stderr } = await runCommand("systemd-analyze", ["verify", "--recursive-errors=no", "--man=no", file]);
    return code === 0 ? stderr : `status ${code}: ${stderr}`;
  };
  const text = readFileSync(TEMPLATE, "utf8");
  t.equal(await verify(text), "");
  t.match(await verify(text.replace("RestartSec=", "RestartSeconds=")), /RestartSeconds/);
});

void t.test("TimeoutStopSec leaves while-leader its time to stop and to give leadership back", async (t) => {
  const [, patience = ""] = /^TimeoutStopSec=(.*)$/m.exec(readFileSync(TEMPLATE, "utf8")) ?? [];
  t.ok(Number(parseDuration(patience)) > DEFAULTS.killAfter + 2_000, patience);
});

void t.test("two hosts: one is stopped, killed, and killed together with its guard", needsSystemdHost, async (t) => {
  const etcd = await startEtcd({ t });
  // Nobody here waits for a lease to run out.
  const files = filesFor(t, etcd.endpoints, "WHILE_LEADER_TTL=60s");
  const [a, b] = await Promise.all([Candidate.boot(t, "a", files), Candidate.boot(t, "b", files)]);
  await a.systemctl("enable", "--now");
  await a.said(/ elected .* identity=a /);
  await b.systemctl("enable", "--now");
  await b.said(/ standby .* leader=a /);

  await a.systemctl("stop");
  await b.said(/ elected .* identity=b /);
  await a.said(/ exiting status=143$/);
  t.same([await a.show("Result"), await a.show("ActiveState")], ["success", "inactive"]);
  await a.systemctl("start");
  await a.said(/ standby .* leader=b /);

  process.kill(await b.pid(WRAPPER), "SIGKILL");
  await b.said(/ orphaned .* processes=[1-9]/);
  await b.said(/ resigned .* acknowledged=true$/);
  await a.said(/ elected .* identity=a /, 2);
  await b.said(/ standby .* leader=a /, 2);
  t.equal(await b.show("NRestarts"), "1");

  // Nobody of ours is left who could kill the command, and its lease is good for most of a minute.
  const command = await a.pid(COMMAND);
  for (const pid of [await a.pid(WRAPPER), await a.pid(GUARD)]) process.kill(pid, "SIGKILL");
  await until("the command to be killed", () => !a.host.pids(COMMAND).includes(command), PATIENCE);
  t.equal(a.count(/ orphaned /), 0);
  t.equal(b.count(/ elected .* identity=b /), 1);
  await until("a new start", async () => (await a.show("NRestarts")) === "1", PATIENCE);

  t.same(violations(readBeats(readFileSync(join(files, "beats/beats"), "utf8"))), []);
});

void t.test(
  "an etcd with users: the password comes as a credential; a wrong one is the end",
  needsSystemdHost,
  async (t) => {
    const etcd = await startEtcd({ t });
    await enableAuth(etcd, { rootPassword: "root", user: "worker", password: "pass word", prefix: "worker/" });
    const files = filesFor(t, etcd.endpoints);
    copyFileSync(LOGIN, join(files, `units/${UNIT}.d/etcd-login.conf`));
    writeFileSync(join(files, "settings/worker.password"), "pass word\n", { mode: 0o600 });
    const a = await Candidate.boot(t, "a", files);
    await a.systemctl("start");
    await a.said(/ elected .* identity=a /);
    await a.systemctl("stop");
    t.equal(await a.show("Result"), "success");

    await a.host.run("sh", "-c", "echo wrong >/etc/while-leader/worker.password");
    await a.systemctl("start");
    await a.said(/Failed with result 'exit-code'/);
    t.same([await a.show("ExecMainStatus"), await a.show("ActiveState")], ["77", "failed"]);
  },
);

/** A host and what its unit says. */
class Candidate {
  readonly host: SystemdHost;
  readonly #journal: Child;

  static async boot(t: Test, name: string, files: string): Promise<Candidate> {
    return new Candidate(await SystemdHost.boot(t, name, files));
  }

  private constructor(host: SystemdHost) {
    this.host = host;
    this.#journal = host.journal(UNIT);
  }

  async systemctl(...words: string[]): Promise<void> {
    const { code, stderr } = await this.host.run("systemctl", ...words, UNIT);
    if (code !== 0) throw new Error(`systemctl ${words.join(" ")}: ${stderr}`);
  }

  show(property: string): Promise<string> {
    return this.host.show(UNIT, property);
  }

  /** Resolves when its journal has so many lines that match. */
  async said(pattern: RegExp, count = 1): Promise<void> {
    const look = (): boolean => this.count(pattern) >= count;
    await until(`${count} x ${pattern} in\n${this.host.name}`, look, PATIENCE).catch((error: Error) => {
      throw new Error(`${error.message}:\n${this.#journal.stdout}`);
    });
  }

  count(pattern: RegExp): number {
    return this.#journal.stdout.split("\n").filter((line) => pattern.test(line)).length;
  }

  /** The one process there whose command line matches. */
  pid(command: RegExp): Promise<number> {
    return until(`${command} on ${this.host.name}`, () => this.host.pids(command)[0], PATIENCE);
  }
}

/** What `SystemdHost` takes: the example, its command one that beats into `beats/beats`. */
function filesFor(t: Test, endpoints: string, ...settings: string[]): string {
  const files = mkdtempSync(join(tmpdir(), "while-leader-systemd-"));
  t.teardown(() => rmSync(files, { recursive: true, force: true }));
  for (const folder of ["bin", "settings", `units/${UNIT}.d`, "beats"])
    mkdirSync(join(files, folder), { recursive: true });
  chmodSync(files, 0o755);
  // Whoever systemd makes up as its user.
  chmodSync(join(files, "beats"), 0o1777);
  copyFileSync(TEMPLATE, join(files, "units", basename(TEMPLATE)));
  writeFileSync(join(files, `units/${UNIT}.d/beats.conf`), "[Service]\nReadWritePaths=/opt/files/beats\n");
  const beats = "exec /opt/node /opt/while-leader/test/fixtures/beats.js /opt/files/beats/beats";
  writeFileSync(join(files, "bin/worker"), `#!/bin/sh\n${beats}\n`);
  const given = readFileSync(example("worker.env"), "utf8").replace(
    /^ETCDCTL_ENDPOINTS=.*$/m,
    `ETCDCTL_ENDPOINTS=${endpoints}`,
  );
  writeFileSync(join(files, "settings/worker.env"), [given, ...settings, ""].join("\n"));
  return files;
}
