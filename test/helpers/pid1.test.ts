import { readFileSync } from "node:fs";
import { test } from "tap";
import { fixture } from "./paths.js";
import { asPid1, namespaceOf, needsPid1 } from "./pid1.js";
import { processRow } from "./processes.js";
import { until } from "./until.js";
import { startWrapper } from "./wrapper.js";

// In the place of while-leader, of which these tests say nothing.
const entry = fixture("says-events.js");

await test("the wrapper is PID 1, and can be reached from outside", needsPid1, async (t) => {
  const wrapper = startWrapper(["sh", "-c", "echo $PPID; sleep 300"], { t, entry, under: asPid1 });
  t.equal(await wrapper.stdoutLine(/^\d+$/), "1");
  const space = await namespaceOf(wrapper);
  t.not(space.init, wrapper.pid);
  const { pid } = await wrapper.event("started");
  const command = space.outer(Number(pid));
  t.not(command, pid);
  t.equal(processRow(command)?.ppid, space.init);
  t.throws(() => space.outer(99_999), /no process 99999/);
  t.ok(space.members().some((row) => row.pid === space.init));
  t.notOk(space.members().some((row) => row.pid === wrapper.pid || row.pid === process.pid));
  t.ok(space.kill("SIGKILL"));
  t.not((await wrapper.exitedWithin()).code, 0);
  t.same(space.members(), []);
  t.notOk(space.kill("SIGKILL"));
});

await test("who enters has no parent in there, and is seen as a zombie too", needsPid1, async (t) => {
  const wrapper = startWrapper(["sleep", "300"], { t, entry, under: asPid1 });
  await wrapper.event("started");
  const space = await namespaceOf(wrapper);
  // sleep becomes the parent of what it did not start, and never asks for it.
  const visitor = space.enter(["sh", "-c", "sleep 300 & echo $! $PPID; exec sleep 300"], t);
  const [inner = 0, parent] = (await visitor.stdoutLine(/^\d+ \d+$/)).split(" ").map(Number);
  t.equal(parent, 0);
  const job = space.outer(inner);
  const above = processRow(job)?.ppid ?? 0;
  t.equal(processRow(above)?.ppid, visitor.pid, "nsenter itself stays outside");
  t.notOk(space.members().some(({ pid }) => pid === visitor.pid));
  await until("sleep to be its parent", () => /^sleep$/m.test(readFileSync(`/proc/${above}/comm`, "utf8")));
  process.kill(job, "SIGKILL");
  await until("the zombie", () => space.members().some(({ pid, state }) => pid === job && state === "Z"));
  await wrapper.end();
  t.match(await visitor.exitedWithin(), { signal: "SIGKILL" });
});
