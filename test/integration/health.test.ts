import { existsSync, readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { isAlive } from "../helpers/processes.js";
import { until } from "../helpers/until.js";
import { Stage } from "./stage.js";

t.jobs = 2;
const etcd = await startEtcd({ t });

void t.test("leadership follows health: an unhealthy leader hands over and queues at the end", async (t) => {
  const stage = new Stage(t, etcd);
  const ill = `${stage.folder}/ill`;
  const args = ["--health-cmd", `! test "$WHILE_LEADER_AS" = "$(cat ${ill})"`, "--health-interval", "100ms"];
  writeFileSync(ill, "");
  const a = await stage.leader("a", { args });
  const b = await stage.standby("b", { args });
  writeFileSync(ill, "a");
  t.match(await a.event("stopping"), { cause: "unhealthy" });
  await stage.beating(b);
  await a.event("standby");
  t.same(await stage.identities(), ["b", "a"]);
  t.notOk(a.events.some(({ event }) => event === "lost" || event === "killing"));
  writeFileSync(ill, "b");
  await stage.beating(a, { after: a.events.findLast(({ event }) => event === "standby") });
  t.same(stage.violations(), []);
});

void t.test(
  "while-leader is killed while it looks: its guard kills the look, too, and the next one leads",
  async (t) => {
    const stage = new Stage(t, etcd);
    const look = `${stage.folder}/look`;
    const args = ["--health-cmd", `echo $$ > ${look}; exec sleep 300`, "--health-interval", "50ms"];
    const a = await stage.leader("a", { args });
    const b = await stage.standby("b");
    const pid = await until("a look", () => (existsSync(look) ? Number(readFileSync(look, "utf8")) : 0) || undefined);
    t.ok(isAlive(pid));
    a.kill("SIGKILL");
    await b.event("elected", { timeoutMs: 5_000 });
    t.notOk(isAlive(pid));
    await stage.beating(b);
    t.same(stage.violations(), []);
  },
);

void t.test("our key is deleted while it looks: the look is killed at once, as all of the command is", async (t) => {
  const stage = new Stage(t, etcd);
  const look = `${stage.folder}/look`;
  const args = ["--health-cmd", `echo $$ > ${look}; exec sleep 300`, "--health-interval", "50ms"];
  const a = await stage.leader("a", { args: [...args, "--on-lost", "exit"] });
  const pid = await until("a look", () => (existsSync(look) ? Number(readFileSync(look, "utf8")) : 0) || undefined);
  await etcd.etcdctl("del", (await stage.keyOf("a")).key);
  t.match(await a.event("killing"), { processes: 2 });
  t.match(await a.exitedWithin(), { code: 75 });
  t.notOk(isAlive(pid));
  t.same(stage.violations(), []);
});
