import t from "tap";
import { Site } from "./site.js";

const STUBBORN = ["sh", "-c", 'trap "" TERM QUIT; echo ready; while :; do sleep 1; done'];

await t.test("docker stop: the server ends well, and the next one leads", async (t) => {
  const site = await Site.open(t);
  const a = await site.leader("a");
  const b = await site.standby("b");
  await a.stop();
  t.equal(await a.status(), 0);
  t.match(await a.event("stopping"), { cause: "SIGTERM" });
  t.match(await a.event("signal"), { signal: "SIGQUIT", to: "command" });
  t.match(await a.event("exited"), { status: 0 });
  t.match(await a.event("resigned"), { acknowledged: true });
  await b.event("started");
  t.same(await site.queue(), ["b"]);
});

await t.test(
  "docker stop, with its 10 s: who does not end in 8 s is killed, and the next one leads all the same",
  async (t) => {
    const site = await Site.open(t);
    const a = await site.leader("a", { command: STUBBORN });
    const b = await site.standby("b");
    await a.stdoutLine("ready");
    await a.stop();
    t.equal(await a.status(), 137);
    t.ok(await a.event("killing"));
    t.match(await a.event("resigned"), { acknowledged: true });
    // Our own end: the engine's SIGKILL, which gives the same status, would have left no room for these words.
    t.match(await a.event("exiting"), { status: 137 });
    await b.event("started");
    t.same(await site.queue(), ["b"]);
  },
);

await t.test("docker stop of a standby: it leaves the queue at once", async (t) => {
  const site = await Site.open(t);
  const a = await site.leader("a");
  const b = await site.standby("b");
  await b.stop();
  t.equal(await b.status(), 143);
  t.same(await site.queue(), ["a"]);
  t.notOk(a.events.some(({ event }) => event === "stopping"));
});

await t.test("docker kill: nothing is left of it, and the next one leads when the lease has run out", async (t) => {
  const site = await Site.open(t);
  const env = { WHILE_LEADER_TTL: "4s" };
  const a = await site.leader("a", { env });
  const b = await site.standby("b", { env });
  await a.signal("KILL");
  t.equal(await a.status(), 137);
  t.equal(await a.inspect("{{.State.Running}} {{.State.Pid}}"), "false 0");
  t.notOk(a.events.some(({ event }) => event === "resigned"));
  await b.event("started");
  t.same(await site.queue(), ["b"]);
});
