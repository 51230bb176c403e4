import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { coverage } from "../helpers/loaded.js";
import { runToEnd } from "../helpers/wrapper.js";
import { Stage } from "../integration/stage.js";
import { ask } from "./asking.js";

const LISTEN = ["--listen", "127.0.0.1:0"];

// Each mostly waits.
t.jobs = 3;
const etcd = await startEtcd({ t });

void t.test("without --listen nothing of it is loaded, leading or not", async (t) => {
  for (const args of [["true"], ["-n", "loading", "--endpoints", etcd.endpoints, "true"]]) {
    const { env, loaded } = coverage(t);
    t.match(await runToEnd(args, { env }), { code: 0 });
    const rooms = loaded();
    t.ok(rooms.has("vendor/execa") && rooms.has("run"), "what is loaded is seen");
    t.equal(rooms.has("vendor/etcd3"), args.length > 1);
    t.notOk(rooms.has("vendor/prom-client"));
    t.same(
      [...rooms].filter((room) => room.startsWith("status/")),
      [],
    );
  }
});

void t.test("with it the server is, and prom-client when the command has been started, asked for or not", async (t) => {
  const { env, loaded } = coverage(t);
  // Long enough for a busy machine.
  t.match(await runToEnd([...LISTEN, "sleep", "3"], { env }), { code: 0 });
  const rooms = loaded();
  for (const room of ["status/server", "status/metrics", "vendor/prom-client"]) t.ok(rooms.has(room), room);
});

void t.test("or when it has a place in the queue", async (t) => {
  const stage = new Stage(t, etcd);
  await stage.leader("a");
  const { env, loaded } = coverage(t);
  const b = await stage.standby("b", { args: LISTEN, env });
  const { address } = await b.event("listening");
  await ask(Number(String(address).split(":").at(-1)), "/metrics");
  b.kill("SIGTERM");
  await b.exitedWithin();
  t.ok(loaded().has("vendor/prom-client"));
});

void t.test("on the way to the command prom-client is not loaded", async (t) => {
  const { env, loaded } = coverage(t);
  t.match(await runToEnd([...LISTEN, "no-such-command"], { env }), { code: 127 });
  const rooms = loaded();
  t.ok(rooms.has("status/server"));
  t.notOk(rooms.has("vendor/prom-client"));
  t.notOk(rooms.has("status/metrics"));
});

void t.test("a probe loads neither etcd's client, nor execa, nor the server", async (t) => {
  const { env, loaded } = coverage(t);
  t.match(await runToEnd(["--listen", "127.0.0.1:1", "--probe", "livez"], { env, text: true }), { code: 1 });
  const rooms = loaded();
  t.ok(rooms.has("status/probe"));
  for (const room of ["vendor/etcd3", "vendor/execa", "vendor/koffi", "vendor/prom-client", "status/server", "run"])
    t.notOk(rooms.has(room), room);
});
