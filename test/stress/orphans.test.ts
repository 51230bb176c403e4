import { readFileSync } from "node:fs";
import { constants } from "node:os";
import t from "tap";
import { fixture } from "../helpers/paths.js";
import { asPid1, namespaceOf, needsPid1, type Namespace } from "../helpers/pid1.js";
import { isLiving, signalProcess } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { startWrapper } from "../helpers/wrapper.js";

const AT_ONCE = 10_000;
const LONG_MS = 120_000;

/** Looks on until PID 1 and the command alone are left. @returns how long each zombie was seen, at most, in milliseconds. */
async function watchThemGo(namespace: Namespace): Promise<number> {
  const seen = new Map<number, number>();
  let longest = 0;
  const look = () => {
    const [now, members] = [performance.now(), namespace.members()];
    for (const { pid } of members.filter((row) => !isLiving(row))) {
      const first = seen.get(pid) ?? now;
      seen.set(pid, first);
      longest = Math.max(longest, now - first);
    }
    return members.length === 2;
  };
  await until("the orphans to be gone", look, { timeoutMs: LONG_MS, everyMs: 100 });
  return longest;
}

await t.test("as PID 1, 20,000 orphans are reaped, 10,000 of them at once", needsPid1, async (t) => {
  for (let round = 0; round < 2; round++) {
    const wrapper = startWrapper([fixture("orphans.pl"), String(AT_ONCE)], { t, under: asPid1, stdin: "pipe" });
    await wrapper.stdoutLine("ready", LONG_MS);
    const namespace = await namespaceOf(wrapper);
    t.equal(namespace.members().length, AT_ONCE + 2);
    wrapper.stdin?.write("\n");
    t.ok((await watchThemGo(namespace)) < 1_000, "none stays a zombie for a second");
    wrapper.stdin?.write("\n");
    t.match(await wrapper.exitedWithin(), { code: 7 });
  }
});

// The kernel makes one of two signals of a kind that wait for the same process, and delivers those of different kinds by
// their numbers: so each is sent when the wrapper took the one before, and a lower one when all before were told.
await t.test("300 signals, 2 ms apart, arrive each once and in order", async (t) => {
  const kinds = "SIGHUP SIGUSR1 SIGUSR2 SIGALRM SIGCONT SIGURG SIGXCPU SIGVTALRM SIGWINCH SIGIO SIGPWR".split(" ");
  kinds.sort((a, b) => constants.signals[a as NodeJS.Signals] - constants.signals[b as NodeJS.Signals]);
  const wrapper = startWrapper([fixture("signals.pl"), ...kinds], { t });
  await wrapper.stdoutLine("ready");
  const told = (): number => wrapper.stdout.split("\n").length - 2;
  const sent = Array.from({ length: 300 }, (_, index) => kinds[index % kinds.length] as NodeJS.Signals);
  for (const [index, signal] of sent.entries()) {
    for (const end = performance.now() + 2; performance.now() < end;);
    if (signal === kinds[0]) await until("the round before to be told", () => told() === index, { everyMs: 1 });
    await until("nothing to wait", () => takesAll(wrapper.pid), { everyMs: 1 });
    signalProcess(wrapper.pid, signal);
  }
  await until("all", () => told() === sent.length);
  wrapper.kill("SIGTERM");
  t.match(await wrapper.exitedWithin(), { code: 0 });
  const passed = wrapper.events.filter(({ event }) => event === "signal").map(({ signal }) => signal);
  t.same(passed, [...sent, "SIGTERM"]);
  t.same(wrapper.stdout.split("\n").slice(1, -1), [...sent, "SIGTERM"]);
});

/** Whether no signal waits to be delivered to a process. */
function takesAll(pid: number): boolean {
  return /^ShdPnd:\s*0+$/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
}
