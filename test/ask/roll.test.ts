import t from "tap";
import { rollFields, rollOf, sameRoll, type Roll } from "../../lib/roll.js";
import { COLOURS, rollLine, rollTable, rollText, UNPAINTED } from "../../lib/roll-text.js";
import { captures, plain as asSeen, section, table } from "../helpers/pages.js";

// Local time: the test must not care where it runs.
const TIME = new Date(2026, 10, 28, 9, 5, 7, 123);
const foreign = (key: Buffer) => key.toString().split("/").length > 2;

function rollWith(...names: string[]): Roll {
  const entries = names.map((name, index) => ({
    key: Buffer.from(name.includes("/") ? name : `jobs/${name}`),
    value: Buffer.from(name),
    create_revision: `${index + 10}`,
    lease: `${index + 170}`,
  }));
  return rollOf("jobs", entries, foreign);
}

await t.test("the first leads, the others wait in order", async (t) => {
  t.strictSame(rollWith(), { election: "jobs", leader: undefined, queue: [], blocked: undefined });
  t.strictSame(rollWith("a", "b"), {
    election: "jobs",
    leader: { identity: "a", key: "jobs/a", revision: "10", lease: "aa" },
    queue: [{ identity: "b", key: "jobs/b", revision: "11", lease: "ab" }],
    blocked: undefined,
  });
});

await t.test("behind a key of a longer name nobody leads, and before it the first does", async (t) => {
  t.match(rollWith("jobs/x/y", "a"), { leader: undefined, queue: [{ identity: "a" }], blocked: "jobs/x/y" });
  t.match(rollWith("a", "jobs/x/y", "b"), {
    leader: { identity: "a" },
    queue: [{ identity: "b" }],
    blocked: "jobs/x/y",
  });
});

await t.test("a lease's time makes no other roll; names, order and tokens do", async (t) => {
  const roll = rollWith("a", "b");
  const { leader } = roll;
  if (leader) t.ok(sameRoll(roll, { ...roll, leader: { ...leader, left: 5_000, ttl: 10_000 } }));
  for (const other of [rollWith("a"), rollWith("b", "a"), rollWith("a", "c"), rollWith("a", "b", "jobs/x/y")])
    t.notOk(sameRoll(roll, other));
  if (leader) t.notOk(sameRoll(roll, { ...roll, leader: { ...leader, identity: "new" } }));
  if (leader) t.notOk(sameRoll(roll, { ...roll, leader: { ...leader, revision: "99" } }));
});

await t.test("the manual's fields are those of --json, in their order", async (t) => {
  const rows = table("Who leads");
  const fields = rollFields(rollWith("a", "b"), TIME);
  const { leader, queue } = fields;
  const inLeader = Object.keys(leader ?? {}).map((field) => `leader.${field}`);
  const names = Object.keys(fields).flatMap((name) => (name === "leader" ? [name].concat(inLeader) : name));
  t.same(
    rows.map(([name = ""]) => asSeen(name)),
    names,
  );
  const [, waiting = ""] = rows.find(([name]) => name === "`queue`") ?? [];
  t.same(captures(waiting, /`(\w+)`/g), Object.keys(queue[0] ?? {}));
});

await t.test("every field of --json is always there", async (t) => {
  t.strictSame(rollFields(rollWith(), TIME), {
    time: TIME.toISOString(),
    election: "jobs",
    leader: null,
    queue: [],
    blocked: null,
  });
  t.strictSame(rollFields(rollWith("a"), TIME).leader, {
    identity: "a",
    key: "jobs/a",
    revision: "10",
    lease: "aa",
    left: null,
    ttl: null,
  });
});

await t.test("the manual shows --who and the lines of --watch as they are", async (t) => {
  const text = section("Who leads");
  const [asked, watched] = captures(text, /```text\n([^]*?)```/g);
  const candidate = (identity: string, lease: string, revision: string) => ({
    identity,
    key: `jobs/${lease}`,
    revision,
    lease,
  });
  const leader = { ...candidate("host-a", "694d9a2f3c5e1b07", "12"), left: 8_000, ttl: 10_000 };
  const queue = [candidate("host-b", "694d9a2f3c5e1b1c", "15"), candidate("host-c", "694d9a2f3c5e1b22", "16")];
  const roll = { election: "jobs", leader, queue, blocked: undefined };
  t.equal(asked, rollText(roll, UNPAINTED));
  const [row, [next, ...others]] = [rollTable(UNPAINTED), queue];
  const rows = [
    row(roll, new Date(2026, 10, 28, 15, 20, 1)),
    row({ ...roll, leader: next, queue: others }, new Date(2026, 10, 28, 15, 20, 9)),
  ];
  t.equal(watched, rows.join(""));
  const line = rollLine({ ...roll, queue: queue.slice(0, 1) }, new Date("2026-11-28T15:20:01.123Z"));
  t.ok(text.includes(line.trimEnd().replace("9a2f3c5e1b07", "…")));
  t.ok(text.includes(rollLine(rollWith(), new Date("2026-11-28T15:20:09.456Z")).trimEnd()));
});

await t.test("a person sees aligned columns below one heading", async (t) => {
  const row = rollTable(UNPAINTED);
  t.equal(row(rollWith(), TIME), "TIME             LEADER        TOKEN     QUEUE\nNov 28 09:05:07  nobody\n");
  t.equal(row(rollWith("a"), TIME), "Nov 28 09:05:07  a             10\n");
  t.equal(row(rollWith("a", "b", "c d"), TIME), 'Nov 28 09:05:07  a             10        b, "c d"\n');
  t.equal(row(rollWith("a", "jobs/x/y"), TIME), "Nov 28 09:05:07  a             10        blocked by jobs/x/y\n");
  t.equal(
    row(rollWith("a-name-of-more-than-twelve"), TIME),
    "Nov 28 09:05:07  a-name-of-more-than-twelve  10\n",
    "wider, and it stays so",
  );
  t.equal(row(rollWith("a"), TIME), `Nov 28 09:05:07  ${"a".padEnd(26)}  10\n`);
});

await t.test("of a long queue a person sees the first, and how many more there are", async (t) => {
  const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
  t.match(rollTable(UNPAINTED)(rollWith(...names), TIME), "n1, n2, n3, n4, n5, n6, n7, n8, and 3 more\n");
});

await t.test("in colour a leader is set off while new, and nobody always", async (t) => {
  const row = rollTable(COLOURS);
  const dim = (text: string) => `\x1b[2m${text}\x1b[0m`;
  t.ok(row(rollWith(), TIME).endsWith(`\n${dim("Nov 28 09:05:07")}  \x1b[1;33mnobody\x1b[0m\n`));
  t.equal(row(rollWith("a"), TIME), `${dim("Nov 28 09:05:07")}  \x1b[1;32ma\x1b[0m             10\n`);
  t.equal(row(rollWith("a", "b"), TIME), `${dim("Nov 28 09:05:07")}  a             10        b\n`);
  t.match(row(rollWith("b"), TIME), "\x1b[1;32mb\x1b[0m");
  const plain = (text: string) =>
    text
      .split("\x1b")
      .map((part, index) => (index === 0 ? part : part.replace(/^\[[\d;]*m/, "")))
      .join("");
  t.equal(plain(rollText(rollWith("a", "b"), COLOURS)), rollText(rollWith("a", "b"), UNPAINTED));
});

await t.test("what others wrote cannot break a line", async (t) => {
  const evil = rollWith("a\n\x1b[2J");
  for (const text of [rollText(evil, UNPAINTED), rollLine(evil, TIME), rollTable(UNPAINTED)(evil, TIME)])
    t.notMatch(text.replaceAll("\n", ""), /\p{Cc}/u);
  t.equal(rollLine(evil, TIME).split("\n").length, 2);
});
