import { constants } from "node:os";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { freePorts } from "../helpers/free-ports.js";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";

await t.test("a command that cannot be started gives the leadership back, then 127", async (t) => {
  const cluster = await startEtcd({ t });
  const { code, events } = await runToEnd(["-n", "jobs", ...cluster.flags, "no-such-command"]);
  t.equal(code, 127);
  const names = events.map(({ event }) => event);
  t.same(names, ["starting", "connected", "elected", "failed", "resigned", "exiting"]);
  t.equal((await cluster.etcdctl("get", "--prefix", "jobs/")).stdout, "");

  await t.test("75: somebody else leads, with --try at once and with --wait after it", async (t) => {
    const election = ["-n", "held", ...cluster.flags];
    const holder = startWrapper([...election, "--identity", "holder", "sleep", "300"], { t });
    await holder.event("started");
    const [tried, waited] = await Promise.all([
      runToEnd([...election, "--try", "--", "echo", "never"]),
      runToEnd([...election, "--wait", "3s", "--", "echo", "never"]),
    ]);
    t.match(tried, { code: 75, stdout: "" });
    t.match(waited, { code: 75, stdout: "" });
    t.match(
      tried.events.find(({ level }) => level === "error"),
      { error: /^election held is led by holder \(held\// },
    );
    t.match(
      await cluster.etcdctl("get", "--prefix", "--keys-only", "held/"),
      { stdout: /^held\/\w+\n\n?$/ },
      "one key",
    );
    t.notOk(holder.hasExited);
  });
});

await t.test("69: etcd was not reached within --wait", async (t) => {
  const [port] = await freePorts(1);
  const election = ["-n", "jobs", "--endpoints", `127.0.0.1:${port}`, "--wait", "300ms"];
  const [waited, tried] = await Promise.all([
    runToEnd([...election, "--", "echo", "never"]),
    runToEnd([...election, "--try", "--", "echo", "never"]),
  ]);
  t.match(waited, { code: 69, stdout: "" });
  t.match(tried, { code: 69, stdout: "" });
});

await t.test("128+n: a stop signal came before the command was started", async (t) => {
  const [port] = await freePorts(1);
  const waiting = ["TERM", "INT", "HUP"].map(async (name) => {
    const signal = `SIG${name}` as NodeJS.Signals;
    const wrapper = startWrapper(
      ["-n", "jobs", "--endpoints", `127.0.0.1:${port}`, "--stop-on=TERM,INT,HUP", "echo", "x"],
      { t },
    );
    await wrapper.event("unreachable");
    wrapper.kill(signal);
    t.match(await wrapper.exitedWithin(), { code: 128 + constants.signals[signal] }, name);
    t.equal(wrapper.stdout, "");
  });
  await Promise.all(waiting);
});
