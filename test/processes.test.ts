import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { processesOf, type Processes } from "../lib/processes.js";
import { Child } from "./helpers/child.js";
import { fixture } from "./helpers/paths.js";
import { isAlive } from "./helpers/processes.js";
import { until } from "./helpers/until.js";

const OURS = { reaper: process.pid, adopted: () => false };

interface Run {
  readonly child: Child;
  readonly processes: Processes;
  /** The numbers that the command printed as "<name> <pid>". */
  readonly printed: () => number[];
}

/** A command as the wrapper starts it: a group and session of its own, and a mark in its environment. */
async function start(t: Test, file: string, args: readonly string[] = [], ownGroup = true): Promise<Run> {
  const marker = randomUUID();
  const child = new Child(file, args, { t, detached: ownGroup, env: { ...process.env, MARK_OF_THIS_TEST: marker } });
  await child.stdoutLine("ready");
  const printed = () => [...child.stdout.matchAll(/^\w+ (\d+)$/gm)].map(([, pid]) => Number(pid));
  return { child, processes: processesOf({ root: child.pid, ownGroup, marker, ...OURS }), printed };
}

const sorted = (pids: readonly number[]) => pids.toSorted((a, b) => a - b);
const sh = (script: string): readonly [string, readonly string[]] => ["sh", ["-c", script]];

await t.test("the command and all that it started are alive, until they are killed", async (t) => {
  for (const ownGroup of [true, false]) {
    const { child, processes, printed } = await start(t, fixture("leaves-daemon.sh"), [], ownGroup);
    const all = [child.pid, ...printed()];
    t.equal(all.length, 3);
    t.same(sorted(processes.alive()), sorted(all), `own group: ${ownGroup}`);
    t.notOk(processes.alive().includes(process.pid));
    processes.kill();
    await child.exited;
    await until("their end", () => processes.alive().length === 0);
    t.same(all.filter(isAlive), []);
  }
});

await t.test("who goes on in a child while somebody looks is not overlooked", async (t) => {
  const file = join(t.testdir({ file: "" }), "file");
  const { processes } = await start(t, fixture("hops.pl"), [file], false);
  const seen = Array.from({ length: 300 }, () => isThere(processes));
  t.same(seen.filter(Boolean).length, 300);
  rmSync(file);
  await until("its end", () => !isThere(processes));
});

/** Nobody can tell is not gone. */
function isThere(processes: Processes): boolean {
  try {
    return processes.alive().length > 0;
  } catch {
    return true;
  }
}

await t.test("what the command leaves behind belongs to it when it is gone", async (t) => {
  for (const ownGroup of [true, false]) {
    const { child, processes, printed } = await start(t, fixture("leaves-daemon.sh"), ["--exit", "0"], ownGroup);
    await child.exited;
    t.same(sorted(processes.alive()), sorted(printed()), `own group: ${ownGroup}`);
    processes.kill();
    await until("their end", () => processes.alive().length === 0);
    t.same(printed().filter(isAlive), []);
  }
});

await t.test("a daemon without the mark is known once it was seen with its parent", async (t) => {
  const script =
    "env -i setsid sh -c 'echo \"daemon $$\"; exec sleep 300' & read line </dev/null; echo ready; sleep 300";
  const { child, processes, printed } = await start(t, ...sh(script));
  await child.stdoutLine(/^daemon/);
  t.same(processes.alive().includes(printed()[0] ?? 0), true);
  child.kill("SIGKILL");
  await child.exited;
  t.ok(processes.alive().includes(printed()[0] ?? 0), "although its parent is gone");
  processes.kill();
  await until("its end", () => processes.alive().length === 0);
  t.notOk(isAlive(printed()[0] ?? 0));
});

for (const group of [false, true]) {
  await t.test(
    `SIGTERM reaches each of them once, ${group ? "also if the group had it" : "the group too"}`,
    async (t) => {
      const says = `${process.execPath} ${fixture("signals.js")}`;
      const { child, processes } = await start(t, ...sh(`setsid ${says} & exec ${says}`));
      const count = (line: string): number => child.stdout.split(`${line}\n`).length - 1;
      await until("both", () => count("ready") === 2);
      if (group) processes.signalGroup("SIGTERM");
      processes.terminate();
      await until("both SIGTERM", () => count("SIGTERM") >= 2);
      // In order: what came before was seen before.
      processes.signalGroup("SIGUSR1");
      await child.stdoutLine("SIGUSR1");
      t.equal(count("SIGTERM"), 2);
    },
  );
}

await t.test("a zombie is not alive", async (t) => {
  // The child ends, and what its parent has become never looks.
  const script = "sh -c 'echo \"child $$\"' & echo ready; exec tail -f /dev/null";
  const { child, processes, printed } = await start(t, ...sh(script));
  await child.stdoutLine(/^child/);
  await until("the child's end", () => !isAlive(printed()[0] ?? 0));
  t.notOk(processes.alive().includes(printed()[0] ?? 0));
  t.ok(processes.alive().includes(child.pid));
});

await t.test("strangers do not belong: siblings, our own children, those of other marks", async (t) => {
  const strangers: ChildProcess[] = [
    spawn("sleep", ["300"], { stdio: "ignore" }),
    spawn("sleep", ["300"], { stdio: "ignore", detached: true, env: { MARK_OF_THIS_TEST: randomUUID() } }),
  ];
  t.teardown(() => strangers.forEach((stranger) => stranger.kill("SIGKILL")));
  const { child, processes } = await start(t, ...sh("echo ready; exec sleep 300"));
  t.same(processes.alive(), [child.pid]);
  processes.kill();
  await child.exited;
  t.same(
    strangers.map(({ pid }) => isAlive(pid ?? 0)),
    [true, true],
  );
});

await t.test("to signal what is gone is no failure", async (t) => {
  const { child, processes } = await start(t, ...sh("echo ready"));
  await child.exited;
  processes.terminate();
  t.same(processes.alive(), []);
});

const asRoot = { skip: process.getuid?.() === 0 ? false : "only root can give process ids again" };

await t.test("a stranger that gets the command's old process id does not belong", asRoot, async (t) => {
  const program = `
    import { spawn } from "node:child_process";
        import { once } from "node:events";
    import { readFileSync, writeFileSync } from "node:fs";
    import { processesOf } from ${JSON.stringify(new URL("../lib/processes.js", import.meta.url))};
    const root = spawn("cat", { detached: true, stdio: ["pipe", "ignore", "ignore"] });
    const processes = processesOf({ root: root.pid, ownGroup: true, marker: "a mark that nobody has", reaper: process.pid, adopted: () => false });
    console.log("before", processes.alive().includes(root.pid));
    root.stdin.end();
    await once(root, "exit");
    console.log("gone", processes.alive().length);
    // The kernel knows births by the hundredth of a second; nobody gets a number again within one.
    const tick = () => Math.floor(Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * 100);
    for (const now = tick(); tick() <= now + 1;);
    writeFileSync("/proc/sys/kernel/ns_last_pid", String(root.pid - 1));
    const stranger = spawn("sleep", ["300"], { detached: true, stdio: "ignore" });
    console.log("again", stranger.pid === root.pid);
    console.log("alive", processes.alive().length);
    process.exit();
  `;
  // In a process id namespace of its own, where nobody else takes the number; not as its PID 1, to whom every orphan falls.
  const options = "--pid --fork --mount-proc --kill-child".split(" ");
  const namespace = [...options, "sh", "-c", '"$0" --input-type=module -e "$1"; exit'];
  const child = new Child("unshare", [...namespace, process.execPath, program], {
    t,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  await child.exitedWithin();
  t.equal(child.stdout, "before true\ngone 0\nagain true\nalive 0\n", child.stderr);
});

const python = spawnSync("python3", ["-c", "import ctypes"], { stdio: "ignore" });
const threads = { skip: python.status === 0 ? false : "no python3 here, whose first thread can end" };

await t.test("a process whose first thread has ended while others go on is alive", threads, async (t) => {
  const script = [
    "import ctypes, threading, time, platform",
    "threading.Thread(target=time.sleep, args=(300,)).start()",
    "print('daemon', __import__('os').getpid(), flush=True)",
    "ctypes.CDLL(None).syscall({'x86_64': 60, 'aarch64': 93}[platform.machine()], 0)",
  ].join("\n");
  const { child, processes, printed } = await start(t, "sh", [
    "-c",
    'setsid python3 -c "$0" & echo ready; wait',
    script,
  ]);
  await child.stdoutLine(/^daemon/);
  const [daemon = 0] = printed();
  t.teardown(() => process.kill(daemon, "SIGKILL"));
  await until("its first thread's end", () => !isAlive(daemon));
  t.ok(processes.alive().includes(daemon));
});
