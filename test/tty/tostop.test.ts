import t, { type Test } from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { processRow } from "../helpers/processes.js";
import type { Terminal } from "../helpers/terminal.js";
import { inForeground, ticks } from "./facts.js";
import { enter, INNER, INNER_SHELL, inPlaces, OUTER, startIn, startShell, told, wrapperLine } from "./places.js";

const RENEWALS = 5;
// At a TTL of 2 s a renewal is sent every 400 ms: in so many, somebody who spins beside two others on two processors computes 130 ticks.
const BUSY = 50;

const etcd = await startEtcd({ t });
const candidate = (election: string) => ["-vv", "-n", election, "--ttl", "2s", ...etcd.flags, "--", ...INNER_SHELL];

await inPlaces(
  t,
  ["session leader", "PID 1"],
  "logging under stty tostop neither stops nor spins",
  async (t, place) => {
    const terminal = await startIn(t, place, candidate(`tostop-${place.replace(" ", "-")}`));
    await terminal.shows(INNER);
    await told(terminal, "stty tostop", INNER);
    await leadsOn(t, terminal);
    enter(terminal, "exit 3");
    t.match(await terminal.exitedWithin(), { code: 3 });
  },
);

await inPlaces(t, ["job of bash"], "logging under stty tostop neither stops nor spins", async (t) => {
  const terminal = await startShell(t);
  await told(terminal, "stty tostop", OUTER);
  await told(terminal, wrapperLine(candidate("tostop-job")), INNER);
  await leadsOn(t, terminal);
  await told(terminal, "exit 3", OUTER);
  await told(terminal, 'echo "status=$?"', /^status=3$/m);
});

await inPlaces(t, ["job of bash"], "nor does it in the background", async (t) => {
  const terminal = await startShell(t);
  await told(terminal, "stty tostop", OUTER);
  const sleeps = ["-vv", "-n", "tostop-background", "--ttl", "2s", ...etcd.flags, "--", "sleep", "300"];
  await told(terminal, `${wrapperLine(sleeps)} &`, OUTER);
  await leadsOn(t, terminal);
  await told(terminal, 'kill %1; wait %1; echo "status=$?"', /^status=143$/m);
});

/** While somebody else is in the foreground: leads on, logs on, is neither stopped nor busy, and so is the command. */
async function leadsOn(t: Test, terminal: Terminal): Promise<void> {
  const wrapper = await terminal.wrapperPid();
  t.notOk(inForeground(wrapper));
  let renewed = await terminal.event("renewed");
  const before = ticks(wrapper);
  for (let count = 0; count < RENEWALS; count++) {
    renewed = await terminal.event("renewed", { after: renewed, timeoutMs: 5_000 });
  }
  t.ok(ticks(wrapper) - before < BUSY, `${ticks(wrapper) - before} ticks in ${RENEWALS} renewals`);
  t.match(processRow(wrapper), { state: /[SR]/ });
  t.match(processRow(await terminal.commandPid()), { state: /[SR]/ });
  t.notOk(terminal.events.some(({ event }) => event === "lost" || event === "bug"));
}
