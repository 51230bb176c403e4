import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import t from "tap";
import { runCommand } from "../helpers/command.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { isAlive } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import type { LogEvent, Wrapper } from "../helpers/wrapper.js";
import { renewals, Stage } from "./stage.js";

const FAILURES = 6;

t.jobs = 2;

const hasPrlimit = (await runCommand("prlimit", ["--version"])).code === 0;
const prlimit = hasPrlimit ? {} : { skip: "prlimit NOT AVAILABLE" };

void t.test(
  "who cannot look for what a command left behind does not resign while that may live",
  prlimit,
  async (t) => {
    const stage = new Stage(t, await startEtcd({ t }));
    const a = await stage.leader("a", { command: [fixture("leaves-daemon.sh")], args: ["--kill-after", "1s"] });
    const daemon = Number(/^daemon (\d+)$/m.exec(a.stdout)?.[1]);
    const b = await stage.standby("b");
    const usual = limitOf(a);
    // No descriptor is left to open /proc with, and all that are open already go on.
    limit(a, freeDescriptor(a));
    a.kill("SIGTERM");
    await a.event("killing");
    t.match(await a.event("blind"), { level: "warn", error: /EMFILE/ });
    await renewals(a, 2);
    t.ok(isAlive(daemon));
    t.same(await stage.identities(), ["a", "b"], "the key stands");
    t.notOk(b.events.some(({ event }) => event === "elected"));
    limit(a, usual);
    await stage.beating(b);
    t.notOk(isAlive(daemon));
    t.match(await a.exitedWithin(), { code: 0 });
  },
);

void t.test("an etcd that is frozen for long costs no descriptors, leading or in standby", async (t) => {
  const etcd = await startEtcd({ t });
  // A lease that outlasts the freeze, for who has lost a term renews no more; and each failure makes a new connection.
  const stage = new Stage(t, etcd, { ttl: 60 });
  const args = ["--dial-timeout", "200ms"];
  const a = await stage.leader("a", { args });
  const b = await stage.standby("b", { args: [...args, "--ttl", "3s"] });
  const before = [a, b].map(descriptors);
  await etcd.member.freeze();
  for (const [index, candidate] of [a, b].entries()) {
    await failures(candidate, FAILURES);
    await until("no more descriptors than before", () => descriptors(candidate).length <= (before[index]?.length ?? 0));
  }
  await etcd.member.thaw();
  await renewals(a, 1);
  t.notOk(a.events.some(({ event }) => event === "lost"));
});

function limitOf({ pid }: Wrapper): string {
  return execFileSync("prlimit", ["--pid", `${pid}`, "--nofile", "--output=SOFT", "--noheadings"], {
    encoding: "utf8",
  });
}

/** Sets how many descriptors a process may have; the hard limit stays, so that this can be taken back. */
function limit({ pid }: Wrapper, count: number | string): void {
  execFileSync("prlimit", ["--pid", `${pid}`, `--nofile=${String(count).trim()}:`]);
}

/** Waits for that many renewals that fail. */
async function failures(candidate: Wrapper, count: number): Promise<void> {
  let last: LogEvent | undefined;
  for (let left = count; left > 0; left--) last = await candidate.event("renewal-failed", { after: last });
}

function descriptors({ pid }: Wrapper): number[] {
  return readdirSync(`/proc/${pid}/fd`).map(Number);
}

function freeDescriptor(wrapper: Wrapper): number {
  const used = new Set(descriptors(wrapper));
  for (let free = 0; ; free++) if (!used.has(free)) return free;
}
