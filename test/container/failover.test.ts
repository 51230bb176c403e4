import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { readBeats, violations, type Beat } from "../helpers/beats.js";
import { fixture } from "../helpers/paths.js";
import { until } from "../helpers/until.js";
import type { ContainerOptions } from "./container.js";
import { docker } from "./engine.js";
import { Site } from "./site.js";

const TTL = "4s";

await t.test("stopped, killed and started again: one leads at a time, and never two", async (t) => {
  const { site, beats, options } = await beating(t);
  const a = await site.leader("a", options);
  const b = await site.standby("b", options);
  await a.stop();
  await b.event("started");
  const again = await site.standby("a", options);
  await nextBeat(beats);
  await b.signal("KILL");
  await again.event("started");
  await nextBeat(beats);
  t.same(violations(beats()), []);
  t.equal(new Set(beats().map(({ token }) => token)).size, 3);
});

await t.test("a host that is cut off from its network ends its command before the next one starts", async (t) => {
  const { site, beats, options } = await beating(t);
  const a = await site.leader("a", options);
  const b = await site.standby("b", options);
  await nextBeat(beats);
  await docker("network", "disconnect", site.network, a.name);
  t.match(await a.event("lost"), { reason: "expired" });
  await b.event("started");
  await nextBeat(beats);
  t.same(violations(beats()), []);
  await docker("network", "connect", site.network, a.name);
  await a.event("standby");
  await until("a to stand behind b", async () => (await site.queue()).join() === "b,a");
});

/** Candidates whose commands write beats into one file of this machine. */
async function beating(t: Test): Promise<{ site: Site; beats: () => Beat[]; options: ContainerOptions }> {
  const folder = mkdtempSync(join(tmpdir(), "while-leader-beats-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o777); // the image's user is not the test's
  copyFileSync(fixture("beats.js"), join(folder, "beats.mjs"));
  const file = join(folder, "beats");
  const options = {
    env: { WHILE_LEADER_TTL: TTL, WHILE_LEADER_STOP_WITH: "TERM" },
    flags: ["--volume", `${folder}:/beats`],
    command: ["node", "/beats/beats.mjs", "/beats/beats"],
  };
  const beats = () => (existsSync(file) ? readBeats(readFileSync(file, "utf8")) : []);
  return { site: await Site.open(t), beats, options };
}

async function nextBeat(beats: () => Beat[]): Promise<void> {
  const count = beats().length;
  await until("a beat", () => beats().length > count, { timeoutMs: 60_000 });
}
