import { randomBytes } from "node:crypto";
import t, { type Test } from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { renewals, Stage } from "../integration/stage.js";
import { ask, dial, type Line } from "./asking.js";

const GET = "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";

/** What can be done to a port, so many times at once. */
const HARM: Readonly<Record<string, (port: number, t: Test) => Line>> = {
  "a thousand connections that say nothing": (port, t) => dial(port, t),
  "a thousand questions at once": (port, t) => dial(port, t, GET),
  "a thousand questions about the leader": (port, t) => dial(port, t, GET.replace("metrics", "leader")),
  "a thousand that stop in the middle": (port, t) => dial(port, t, GET.slice(0, -3)),
  "a thousand that do not read the answer": (port, t) => {
    const line = dial(port, t, GET);
    line.socket.pause();
    return line;
  },
  "a thousand that speak garbage": (port, t) => dial(port, t, randomBytes(2_000)),
  "a thousand that send too much": (port, t) => dial(port, t, `GET / HTTP/1.1\r\nx: ${"y".repeat(30_000)}\r\n\r\n`),
};

// A lease of 10 s, whose renewals are due every 2 s and may take one: less, and a busy machine fails them by itself.
const stage = new Stage(t, await startEtcd({ t }));
const leader = await stage.leader("a", { args: ["--listen", "127.0.0.1:0"] });
const { address } = await leader.event("listening");
const port = Number(String(address).split(":").at(-1));
let last = await renewals(leader, 1);

for (const [what, harm] of Object.entries(HARM)) {
  await t.test(`${what} do not disturb a renewal, nor a probe`, async (t) => {
    const before = last;
    for (let count = 0; count < 1_000; count++) harm(port, t);
    t.match(await ask(port, "/readyz"), { status: 200 });
    last = await renewals(leader, 1);
    const since = leader.events.slice(leader.events.indexOf(before), leader.events.indexOf(last) + 1);
    t.same([...new Set(since.map(({ event }) => event))], ["renewed"], "nothing else has happened");
    t.comment(`the renewal took ${String(last.took)} ms`);
  });
}
