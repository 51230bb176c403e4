import { randomUUID } from "node:crypto";
import t, { type Test } from "tap";
import { momentIn, timeUntil } from "../../lib/clock.js";
import type { Charge } from "../../lib/guard/charge.js";
import { Child } from "../helpers/child.js";
import { fixture, projectPath } from "../helpers/paths.js";
import { isAlive, processRow, signalProcess } from "../helpers/processes.js";
import { until } from "../helpers/until.js";

const LONG = momentIn(60_000) ?? null;
const SOON = 300;

// The program alone, with the test in the wrapper's place.
t.jobs = 3;

interface Watched {
  readonly guard: Child;
  readonly command: Child;
  /** Tells the guard something, and resolves when it has heard it. */
  readonly tell: (news: Partial<Charge>) => Promise<void>;
}

void t.test("it kills when its time has come, not before, and says so first", async (t) => {
  const { guard, command, tell } = await watched(t, LONG);
  t.notOk(guard.stdout.includes("fired"));
  await tell({ killAt: momentIn(SOON) ?? null });
  await guard.stdoutLine("fired");
  t.match(await command.exitedWithin(), { signal: "SIGKILL" });
  t.notOk(guard.hasExited);
});

void t.test("either clock is enough: a host that was suspended has a later boot time", async (t) => {
  const { guard, command, tell } = await watched(t, LONG);
  await tell({ killAt: { monotonic: LONG?.monotonic ?? 0, boottime: 1 } });
  await guard.stdoutLine("fired");
  t.match(await command.exitedWithin(), { signal: "SIGKILL" });
});

void t.test("stopped for longer than its news were good for, it first hears what is new", async (t) => {
  const { guard, command, tell } = await watched(t, LONG);
  // Long enough to be stopped within it.
  const end = momentIn(3_000) ?? null;
  await tell({ killAt: end });
  signalProcess(guard.pid, "SIGSTOP");
  await until("it to be stopped", () => processRow(guard.pid)?.state === "T");
  await until("its time to have passed", () => hasPassed(end));
  // What was the news then, and what is now.
  const heard = [tell({ killAt: end }), tell({ killAt: LONG })];
  signalProcess(guard.pid, "SIGCONT");
  await Promise.all(heard);
  await tell({ killAt: LONG });
  t.ok(isAlive(command.pid));
  t.notOk(guard.stdout.includes("fired"));
});

void t.test("without a time it waits for the wrapper's end, and then ends itself", async (t) => {
  const { guard, command } = await watched(t, null);
  guard.stdin?.end();
  t.match(await command.exitedWithin(), { signal: "SIGKILL" });
  t.match(await guard.exitedWithin(), { code: 0 });
  t.match(guard.stderr, /^while-leader: orphaned wrapper=\d+ processes=1\n$/);
});

void t.test("with nothing to guard it ends in silence", async (t) => {
  const { guard, command, tell } = await watched(t, LONG);
  await tell({ workload: null });
  guard.stdin?.end();
  t.match(await guard.exitedWithin(), { code: 0 });
  t.equal(guard.stderr, "");
  t.ok(isAlive(command.pid));
});

void t.test("a workload that is let go is not killed when the old time comes", async (t) => {
  const { guard, command, tell } = await watched(t, LONG);
  const end = momentIn(SOON) ?? null;
  await tell({ killAt: end });
  await tell({ workload: null });
  await until("its time to have passed", () => hasPassed(end));
  await tell({ leases: [] });
  t.notOk(guard.stdout.includes("fired"));
  t.ok(isAlive(command.pid));
});

function hasPassed(moment: Charge["killAt"]): boolean {
  return moment !== null && timeUntil(moment) < 0;
}

/** A guard that holds a command until `killAt`. */
async function watched(t: Test, killAt: Charge["killAt"]): Promise<Watched> {
  const marker = randomUUID();
  const env = { ...process.env, MARK_OF_THIS_TEST: marker };
  const command = new Child(fixture("signals.js"), [], { t, env, detached: true });
  await command.stdoutLine("ready");
  const guard = new Child(process.execPath, [projectPath("dist/lib/guard/guard-main.cjs")], { t, stdin: "pipe" });
  await guard.stdoutLine("heard");
  const heard = (): number => guard.stdout.split("heard\n").length;
  const tell = async (news: Partial<Charge>): Promise<void> => {
    const before = heard();
    guard.stdin?.write(`${JSON.stringify(news)}\n`);
    await until("it to have heard", () => heard() > before);
  };
  const workload = { marker, strangers: null, root: command.pid, ownGroup: true };
  await tell({ wrapper: process.pid, log: { format: "text", level: "info" }, leases: [], killAt, workload });
  return { guard, command, tell };
}
