import { existsSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { until } from "../helpers/until.js";
import { EVERYWHERE, inPlaces, KEYS, startIn } from "./places.js";

// Half as long again as the lease lasts without a renewal, and some lines of log.
const STOPPED_FOR = 3_000;

const etcd = await startEtcd({ t });

await inPlaces(t, EVERYWHERE, "a line that Ctrl-S held up needs no next one to be shown", async (t, place) => {
  const heard = join(t.testdir(), "heard");
  const script = `trap ': >${heard}' USR1; echo ready; while :; do sleep 0.02; done`;
  const terminal = await startIn(t, place, ["sh", "-c", script]);
  await terminal.shows(/^ready$/m);
  terminal.type(KEYS.hold);
  process.kill(await terminal.wrapperPid(), "SIGUSR1");
  await until("the signal to have been passed on", () => existsSync(heard));
  terminal.type(KEYS.release);
  t.match(await terminal.event("signal"), { signal: "SIGUSR1", to: "command" });
});

await inPlaces(t, EVERYWHERE, "Ctrl-S stops the log and not the renewals, Ctrl-Q shows it all", async (t, place) => {
  const election = `flow-${place.replaceAll(" ", "-")}`;
  const terminal = await startIn(t, place, ["-vv", "-n", election, "--ttl", "2s", ...etcd.flags, "--", "sleep", "300"]);
  await terminal.event("started");
  await terminal.event("renewed");
  terminal.type(KEYS.hold);
  const [since, logged] = [Date.now(), terminal.events.length];
  await until("the lease to have run out without renewals", () => Date.now() - since > STOPPED_FOR);
  // One that was on its way when the key came.
  t.ok(terminal.events.length <= logged + 1, "nothing is shown");
  t.match((await etcd.etcdctl("get", "--prefix", "--keys-only", `${election}/`)).stdout, election);

  const continued = Date.now();
  terminal.type(KEYS.release);
  await terminal.event("renewed", { where: ({ time }) => Date.parse(time) > continued });
  const times = terminal.events.filter(({ event }) => event === "renewed").map(({ time }) => Date.parse(time));
  const meanwhile = times.filter((time) => time > since && time < continued);
  t.ok(meanwhile.length >= 5, `${meanwhile.length} renewals meanwhile`);
  t.notOk(terminal.events.some(({ event }) => event === "lost"));
});
