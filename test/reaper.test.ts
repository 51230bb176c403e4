import t from "tap";
import { Child } from "./helpers/child.js";

const module = (name: string) => JSON.stringify(new URL(`../lib/${name}.js`, import.meta.url));

await t.test("no exit status of a child that Node started is taken, however many orphans end meanwhile", async (t) => {
  const program = `
    import { spawn } from "node:child_process";
    import { once } from "node:events";
    import { systemClock } from ${module("clock")};
    import { openLibc } from ${module("libc")};
    import { reapOrphans, tellChildren } from ${module("reaper")};
    const children = tellChildren();
    const libc = await openLibc();
    libc.becomeSubreaper();
    const over = new AbortController();
    const reaping = reapOrphans(libc, children, systemClock(), over.signal);
    const script = "for i in 1 2 3 4 5 6 7 8 9 10; do (sleep 0.0$i &); done; exit $0";
    const expected = Array.from({ length: 40 }, (_, index) => index);
    const exits = expected.map((code) => once(spawn("sh", ["-c", script, String(code)]), "exit"));
    const statuses = (await Promise.all(exits)).map(([code]) => code);
    console.log(JSON.stringify(statuses) === JSON.stringify(expected) ? "all statuses" : statuses.join());
    // Now the orphans alone are left, and they end soon.
    const { childrenOf } = await import(${module("proc")});
    while (childrenOf(process.pid).length > 0) await systemClock().sleep(10, over.signal);
    console.log("none left");
    over.abort();
    await reaping;
  `;
  const child = new Child(process.execPath, ["--input-type=module", "-e", program], {
    t,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  t.match(await child.exitedWithin(), { code: 0 }, "it ends by itself: nothing is left that would keep it");
  t.equal(child.stdout, "all statuses\nnone left\n", child.stderr);
});

await t.test("children that were there before us are nobody's orphans", async (t) => {
  const program = `
    import { tellChildren } from ${module("reaper")};
    import { childrenOf } from ${module("proc")};
    const children = tellChildren();
    console.log(childrenOf(process.pid).map((pid) => [pid, children.adopted(pid), children.nodes(pid)].join()).join());
    process.exit();
  `;
  const script = 'sleep 300 & echo "$!"; exec "$0" --input-type=module -e "$1"';
  const child = new Child("sh", ["-c", script, process.execPath, program], {
    t,
    detached: true,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  await child.exitedWithin();
  const [pid, seen] = child.stdout.split("\n");
  process.kill(Number(pid), "SIGKILL");
  t.equal(seen, `${pid},false,false`, child.stderr);
});
