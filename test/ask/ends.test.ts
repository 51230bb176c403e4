import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { fixture } from "../helpers/paths.js";
import { asPid1, namespaceOf, needsPid1 } from "../helpers/pid1.js";
import { startWrapper } from "../helpers/wrapper.js";
import { allGone, needs, NPX, Package } from "../cli/npm.js";
import { watch } from "./asking.js";

// Each test has an election of its own and mostly waits: several at once.
t.jobs = 3;
const etcd = await startEtcd({ t });
const ENDINGS = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
  ["SIGQUIT", 131],
] as const;

/** Words for a shell that runs this script, with what starts while-leader as "$@". */
const sh = (script: string) => ["sh", "-c", script, "sh"];

void t.test("a signal ends --watch as if it did nothing about it", async (t) => {
  for (const [signal] of ENDINGS) {
    const watcher = watch(t, etcd, "jobs");
    await watcher.stdoutLine(/nobody/);
    watcher.kill(signal);
    t.match(await watcher.exitedWithin(), { code: null, signal });
    t.equal(watcher.stderr, "");
  }
});

void t.test("a shell sees 128+n", async (t) => {
  for (const [signal, status] of ENDINGS) {
    const under = sh('"$@" & trap "kill -$SIGNAL $!" USR1; wait $!; wait $!; echo "status $?"');
    const watcher = watch(t, etcd, "jobs", [], { under, env: { SIGNAL: signal.slice(3) } });
    await watcher.stdoutLine(/nobody/);
    watcher.kill("SIGUSR1");
    // A shell has what it starts in the background ignore SIGINT and SIGQUIT; Node does not know of that.
    t.equal(await watcher.stdoutLine(/^status/), `status ${status}`);
  }
});

void t.test("as PID 1 too it ends with 128+n", { ...needsPid1 }, async (t) => {
  for (const [signal, status] of ENDINGS) {
    const watcher = watch(t, etcd, "jobs", [], { under: asPid1 });
    await watcher.stdoutLine(/nobody/);
    (await namespaceOf(watcher)).kill(signal);
    t.match(await watcher.exitedWithin(), { code: status });
  }
});

void t.test("a signal that comes before etcd answers ends it as well", async (t) => {
  const watcher = startWrapper(["-n", "jobs", "--watch", "--endpoints", "127.0.0.1:1"], { t });
  await watcher.event("unreachable");
  watcher.kill("SIGTERM");
  t.match(await watcher.exitedWithin(), { signal: "SIGTERM" });
});

void t.test("other signals change nothing, and open no inspector", async (t) => {
  const watcher = watch(t, etcd, "others");
  await watcher.stdoutLine(/nobody/);
  for (const signal of ["SIGUSR1", "SIGCONT", "SIGWINCH", "SIGURG"] as const) watcher.kill(signal);
  await etcd.etcdctl("put", "others/1", "a");
  await watcher.stdoutLine(/leader=a/);
  t.notOk(watcher.hasExited);
  t.equal(watcher.stderr, "");
});

void t.test("--watch | head -1 ends at once, with nothing to tell and with 0", async (t) => {
  const under = sh('{ "$@"; echo "status $?" >&2; } | head -1');
  const watcher = watch(t, etcd, "quiet", [], { under });
  t.match(await watcher.exitedWithin(), { code: 0 });
  t.match(watcher.stdout, /^\S+ nobody\n$/);
  t.equal(watcher.stderr, "status 0\n");
});

void t.test("without koffi it ends at the next change", async (t) => {
  const under = sh('{ "$@"; echo "status $?" >&2; } | head -1');
  const env = { NODE_OPTIONS: `--import=${fixture("no-koffi.js")}` };
  const watcher = watch(t, etcd, "unseen", [], { under, env });
  await watcher.stdoutLine(/nobody/);
  for (const name of ["a", "b"]) await etcd.etcdctl("put", "unseen/1", name);
  t.match(await watcher.exitedWithin(), { code: 0 });
  t.equal(watcher.stderr, "status 0\n");
});

void t.test(
  "an answer that cannot be written: who does not read it has had enough, a full disk is a failure",
  async (t) => {
    const run = async (script: string) => {
      const asked = startWrapper(["-n", "jobs", "--who", ...etcd.flags], { t, under: sh(script), text: true });
      const { code } = await asked.exitedWithin();
      return { code, stderr: asked.stderr };
    };
    t.same(await run('{ sleep 0; "$@"; echo "status $?" >&2; } | true'), { code: 0, stderr: "status 1\n" });
    t.match(await run('"$@" >/dev/full'), {
      code: 69,
      stderr: /^while-leader: cannot write to stdout: [^\n]*space[^\n]*\n$/,
    });
    t.match(await run('"$@" >&-'), { code: Number });
  },
);

void t.test("nothing but itself is started: no guard, no command", async (t) => {
  const watcher = watch(t, etcd, "jobs", ["--guard", "on"]);
  await watcher.stdoutLine(/nobody/);
  t.equal(watcher.descendants().length, 1);
});

void t.test("started by npx it ends with npx", await needs("npx"), async (t) => {
  const here = new Package(t);
  const watcher = here.start(t, NPX, ["-n", "jobs", "--watch", ...etcd.flags]);
  await watcher.stdoutLine(/nobody/);
  watcher.kill("SIGTERM");
  await allGone(watcher);
  t.ok(await watcher.exitedWithin());
});
