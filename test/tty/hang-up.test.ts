import t, { type Test } from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { noTerminal, type Terminal } from "../helpers/terminal.js";
import { until } from "../helpers/until.js";
import { both, stopped } from "./facts.js";
import { EVERYWHERE, INNER, INNER_SHELL, inPlaces, KEYS, OUTER, startIn } from "./places.js";
import { startShell, told, wrapperLine } from "./places.js";

// Much longer than any wait here: a key that is gone was given back.
const TTL = ["--ttl", "60s"];
const sleeps = ["sh", "-c", "echo ready; exec sleep 300"];

const skip = noTerminal() ?? false;
const etcd = await startEtcd({ t });
let elections = 0;

await inPlaces(t, EVERYWHERE, "a hang-up ends the command and resigns", async (t, place) => {
  const { election, args } = candidate(sleeps);
  const terminal = await startIn(t, place, args);
  await terminal.shows(/^ready$/m);
  await endsByHangUp(t, terminal, election);
});

await t.test("a hang-up ends the command and resigns: as background job of bash", { skip }, async (t) => {
  const { election, args } = candidate(sleeps);
  const terminal = await startShell(t);
  await told(terminal, `${wrapperLine(args)} &`, /ready$/m);
  await endsByHangUp(t, terminal, election);
});

await t.test("a hang-up ends the command and resigns: as stopped job of bash", { skip }, async (t) => {
  const { election, args } = candidate(sleeps);
  const terminal = await startShell(t);
  await told(terminal, wrapperLine(args), /^ready$/m);
  const pids = await both(terminal);
  terminal.type(KEYS.suspend);
  await terminal.shows(OUTER);
  await stopped(...pids);
  await endsByHangUp(t, terminal, election);
});

await inPlaces(t, EVERYWHERE, "a hang-up ends a shell and its jobs, and resigns", async (t, place) => {
  const { election, args } = candidate(INNER_SHELL);
  const terminal = await startIn(t, place, args);
  await terminal.shows(INNER);
  await told(terminal, "sleep 300 &", INNER);
  await told(terminal, `sh -c 'echo rea""dy; exec sleep 300'`, /^ready$/m);
  await endsByHangUp(t, terminal, election);
});

function candidate(command: readonly string[]): { election: string; args: string[] } {
  const election = `hang-up-${elections++}`;
  return { election, args: ["-n", election, ...TTL, "--kill-after", "300ms", ...etcd.flags, "--", ...command] };
}

async function endsByHangUp(t: Test, terminal: Terminal, election: string): Promise<void> {
  const key = () => etcd.etcdctl("get", "--prefix", "--keys-only", `${election}/`);
  await terminal.event("started");
  t.match((await key()).stdout, `${election}/`);
  await terminal.hangUp();
  await until("nobody to be left", () => terminal.descendants().length === 0);
  t.same(await key(), { stdout: "", stderr: "", code: 0 });
}
