import { readFileSync } from "node:fs";
import t from "tap";
import { openMetrics } from "../../lib/status/metrics.js";
import { AT_FIRST } from "../../lib/status/standing.js";
import { runCommand } from "../helpers/command.js";
import { startEtcd } from "../helpers/etcd-server.js";
import { freePorts } from "../helpers/free-ports.js";
import { projectPath } from "../helpers/paths.js";
import { needsPrometheus, Prometheus } from "../helpers/prometheus.js";
import { until } from "../helpers/until.js";
import { Stage } from "../integration/stage.js";
import { parseMetrics } from "../status/exposition.js";

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string }[];
}

const example = (name: string): string => projectPath(`examples/prometheus/${name}`);
const [ALERTS, ALERTS_TEST] = [example("alerts.yml"), example("alerts.test.yml")];
const rules = readFileSync(ALERTS, "utf8");
const names = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = ""]) => name);
const dashboard = readFileSync(example("dashboard.json"), "utf8");
const { panels } = JSON.parse(dashboard) as { panels: readonly Panel[] };
// Alerts come and go by Prometheus' clock, and by that of a busy machine.
const PATIENCE = { timeoutMs: 60_000, everyMs: 200 };

await t.test("alerts and dashboard name metrics that there are", async (t) => {
  const metrics = parseMetrics(await openMetrics({ version: "1", election: "jobs" }, 0).text(0, AT_FIRST));
  const series = new Set(
    [...metrics].flatMap(([name, { type }]) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].map((suffix) => name + suffix) : [name],
    ),
  );
  for (const [file, text] of Object.entries({ rules, tests: readFileSync(ALERTS_TEST, "utf8"), dashboard })) {
    const named = new Set(text.match(/\bwhile_leader_\w+/g));
    t.ok(named.size >= 6);
    for (const name of named) t.ok(series.has(name), `${name} in ${file}`);
  }
});

await t.test("each panel of the dashboard has an id and a place of its own", async (t) => {
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
  );
  t.equal(new Set(cells).size, cells.length);
  t.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
});

await t.test(
  "promtool: the rules are valid, and each alert fires when it should",
  needsPrometheus("promtool"),
  async (t) => {
    const check = await runCommand("promtool", ["check", "rules", "--lint-fatal", ALERTS]);
    t.equal(check.code, 0, check.stdout + check.stderr);
    const test = await runCommand("promtool", ["test", "rules", ALERTS_TEST], { timeoutMs: 90_000 });
    t.equal(test.code, 0, test.stdout + test.stderr);
    const expected = readFileSync(ALERTS_TEST, "utf8").matchAll(/alertname="(\w+)",alertstate="firing"/g);
    t.same(names.toSorted(), [...new Set([...expected].map(([, name = ""]) => name))].toSorted());
  },
);

await t.test(
  "a real Prometheus: what fires when etcd is away, and the panels have data",
  needsPrometheus("prometheus"),
  async (t) => {
    const etcd = await startEtcd({ t });
    const stage = new Stage(t, etcd);
    const listens = (await freePorts(2)).map((port) => `127.0.0.1:${port}`);
    const args = (index: number): string[] => ["--listen", listens[index] ?? ""];
    const a = await stage.leader("a", { args: args(0) });
    await stage.standby("b", { args: args(1) });
    // The minutes of the rules are seconds here.
    const prometheus = await Prometheus.start(t, listens, rules.replace(/^( +for: \d+)m$/gm, "$1s"));
    const fires = async (name: string, wanted = true): Promise<void> => {
      const look = async (): Promise<boolean> => (await prometheus.firing()).includes(name) === wanted;
      await until(`${name} to fire: ${wanted}`, look, PATIENCE);
    };
    const leaders = async (): Promise<number> =>
      (await prometheus.query("sum(while_leader_is_leader) and count(while_leader_is_leader) == 2"))[0]?.value ?? 0;
    await until("both to be scraped", async () => (await leaders()) === 1, PATIENCE);
    await fires("WhileLeaderNoStandby", false);
    t.same(await prometheus.firing(), []);

    await etcd.member.freeze();
    await a.event("lost");
    for (const name of ["WhileLeaderNobodyLeads", "WhileLeaderLostTerm", "WhileLeaderRenewalsFail"]) await fires(name);
    await etcd.member.thaw();
    await fires("WhileLeaderNobodyLeads", false);

    for (const { title, targets } of panels)
      for (const { expr } of targets) {
        const filled = expr.replaceAll("$__rate_interval", "1m").replaceAll("$election", ".*");
        await until(
          `data for "${title}": ${filled}`,
          async () => (await prometheus.query(filled)).length > 0,
          PATIENCE,
        );
      }

    a.kill("SIGTERM");
    await a.exitedWithin();
    await fires("WhileLeaderNoStandby");
    t.same(stage.violations(), []);
  },
);
