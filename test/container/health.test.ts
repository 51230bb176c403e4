import t from "tap";
import { until } from "../helpers/until.js";
import type { Container } from "./container.js";
import { docker } from "./engine.js";
import { Site } from "./site.js";

/** The image's own HEALTHCHECK, asked oftener, and with time for a busy machine. */
const OFTEN = ["--health-interval", "500ms", "--health-timeout", "60s", "--health-retries", "1"];

await t.test("leader and standby are healthy, and the leader alone is ready", async (t) => {
  const site = await Site.open(t);
  const a = await site.leader("a", { flags: OFTEN });
  const b = await site.standby("b", { flags: OFTEN });
  for (const box of [a, b]) await health(box, "healthy");
  t.match(await a.exec("while-leader", "--probe", "readyz"), { code: 0 });
  t.match(await b.exec("while-leader", "--probe", "readyz"), { code: 1, stderr: /503: standby/ });
});

await t.test("without an etcd that answers they are healthy all the same: nobody shall restart them", async (t) => {
  const site = await Site.open(t);
  const env = { WHILE_LEADER_TTL: "3s" };
  const a = await site.leader("a", { flags: OFTEN, env });
  const b = await site.standby("b", { flags: OFTEN, env });
  await docker("pause", site.etcd);
  await a.event("lost");
  for (const box of [a, b]) await nextLook(box);
  for (const box of [a, b]) t.equal(await box.inspect("{{.State.Health.Status}}"), "healthy");
  await docker("unpause", site.etcd);
  await until("somebody to lead again", async () => (await site.queue()).length === 2, { timeoutMs: 60_000 });
});

await t.test("who stands still is unhealthy", async (t) => {
  const site = await Site.open(t);
  const a = await site.leader("a", { flags: OFTEN });
  await health(a, "healthy");
  await a.signal("STOP");
  await health(a, "unhealthy");
  await a.signal("CONT");
  await health(a, "healthy");
});

async function health(box: Container, status: string): Promise<void> {
  const is = async () => (await box.inspect("{{.State.Health.Status}}")) === status;
  await until(`${box.name} to be ${status}`, is, { timeoutMs: 60_000, everyMs: 200 });
}

/** Waits for a look that began after now. */
async function nextLook(box: Container): Promise<void> {
  const began = async () => {
    const all = await box.inspect(
      '{{range .State.Health.Log}}{{.Start.Format "2006-01-02T15:04:05.000Z07:00"}} {{end}}',
    );
    return Date.parse(all.trim().split(" ").at(-1) ?? "");
  };
  const before = await began();
  await until("another look at its health", async () => (await began()) > before, { timeoutMs: 60_000, everyMs: 200 });
}
