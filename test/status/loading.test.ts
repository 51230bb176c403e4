import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { projectPath } from "../helpers/paths.js";
import { runToEnd } from "../helpers/wrapper.js";
import { Stage } from "../integration/stage.js";
import { ask } from "./asking.js";

const LISTEN = ["--listen", "127.0.0.1:0"];

// Each mostly waits.
t.jobs = 3;
const etcd = await startEtcd({ t });

/** A folder into which V8 writes, at the end of a process, every file that it has loaded. */
function coverage(t: Test): { env: Record<string, string>; loaded: () => Set<string> } {
  const folder = mkdtempSync(join(tmpdir(), "while-leader-loaded-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return {
    env: { NODE_V8_COVERAGE: folder },
    loaded() {
      const reports = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
      const urls = reports.flatMap((text) => (JSON.parse(text) as { result: { url: string }[] }).result);
      return new Set(urls.map(({ url }) => roomOf(url)).filter((room) => room !== undefined));
    },
  };
}

/** A package's name, or the place of a file in lib/. */
function roomOf(url: string): string | undefined {
  const [, dependency] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  return dependency ?? (url.includes(projectPath("dist/lib/")) ? url.split("/dist/lib/")[1] : undefined);
}

void t.test("without --listen nothing of it is loaded, leading or not", async (t) => {
  for (const args of [["true"], ["-n", "loading", "--endpoints", etcd.endpoints, "true"]]) {
    const { env, loaded } = coverage(t);
    t.match(await runToEnd(args, { env }), { code: 0 });
    const rooms = loaded();
    t.ok(rooms.has("execa") && rooms.has("run.js"), "what is loaded is seen");
    t.equal(rooms.has("etcd3"), args.length > 1);
    t.notOk(rooms.has("prom-client"));
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
  for (const room of ["status/server.js", "status/metrics.js", "prom-client"]) t.ok(rooms.has(room), room);
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
  t.ok(loaded().has("prom-client"));
});

void t.test("on the way to the command prom-client is not loaded", async (t) => {
  const { env, loaded } = coverage(t);
  t.match(await runToEnd([...LISTEN, "no-such-command"], { env }), { code: 127 });
  const rooms = loaded();
  t.ok(rooms.has("status/server.js"));
  t.notOk(rooms.has("prom-client"));
  t.notOk(rooms.has("status/metrics.js"));
});

void t.test("a probe loads neither etcd's client, nor execa, nor the server", async (t) => {
  const { env, loaded } = coverage(t);
  t.match(await runToEnd(["--listen", "127.0.0.1:1", "--probe", "livez"], { env, text: true }), { code: 1 });
  const rooms = loaded();
  t.ok(rooms.has("status/probe.js"));
  for (const room of ["etcd3", "@grpc/grpc-js", "execa", "koffi", "prom-client", "status/server.js", "run.js"])
    t.notOk(rooms.has(room), room);
});
