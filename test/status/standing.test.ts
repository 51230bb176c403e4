import t from "tap";
import type { Phase } from "../../lib/states.js";
import type { Fact } from "../../lib/status/standing.js";
import { AT_FIRST, isReady, standingAfter } from "../../lib/status/standing.js";

const phase = (name: Phase): Fact => ({ phase: name });
const event = (name: string, fields: Record<string, string | number> = {}): Fact => ({ event: name, fields });
const after = (...facts: Fact[]) => facts.reduce(standingAfter, AT_FIRST);

const queue = [phase("standby"), event("standby", { leader: "a" })];
const election = [event("elected", { identity: "b", key: "jobs/1", revision: "7" }), phase("leading")];
const term = [...queue, ...election, event("started", { pid: 1 })];

await t.test("ready is only who leads and whose command runs", async (t) => {
  for (let count = 0; count < term.length; count++) t.notOk(isReady(after(...term.slice(0, count))), `${count} facts`);
  t.ok(isReady(after(...term)));
  t.notOk(isReady(after(...term, phase("stopping"))), "asked to stop, it runs on");
  t.notOk(isReady(after(...term, event("exited", { status: 0 }))));
  t.ok(isReady(after(...term, event("exited", { status: 1 }), event("started", { pid: 2 }))), "started again");
  t.ok(isReady(after(event("no-election"), phase("leading"), event("started"))), "without an election too");
});

await t.test("whoever is elected leads until the term is lost or given back", async (t) => {
  t.notOk(after(...queue).leads);
  t.ok(after(...term).leads);
  t.ok(after(...term, phase("stopping"), event("exited"), phase("resigning")).leads, "not before etcd knows");
  for (const end of [event("lost", { reason: "expired" }), event("resigned"), phase("connecting"), phase("done")])
    t.match(after(...term, end), { leads: false });
});

await t.test("a term of which a withdrawn candidate heard too late is none", async (t) => {
  t.match(after(...queue, phase("resigning"), ...election.slice(0, 1), phase("done")), { leads: false });
});
