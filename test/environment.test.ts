import t from "tap";
import { workloadEnvironment } from "../lib/environment.js";
import type { Term } from "../lib/election.js";
import { OPTIONS } from "../lib/options.js";

const term = { key: "jobs/694d", revision: "12", electedAt: "15", lease: "694d" } as Term;
const standing = { name: "jobs", identity: "me" };

/** All but the mark, which differs each time. */
function plain({ env }: ReturnType<typeof workloadEnvironment>): Record<string, string | undefined> {
  const { WHILE_LEADER_MARK: mark, ...rest } = env;
  t.ok(mark);
  return rest;
}

await t.test("without an election the environment is what it was", (t) => {
  const odd = {
    "a.b": "c",
    EMPTY: "",
    "with space": " \n=",
    ["__proto__"]: "x",
    constructor: "y",
    PATH: "/bin",
    é: "🦄",
  };
  t.strictSame(plain(workloadEnvironment({ ...odd }, term, undefined)), { ...odd });
  t.end();
});

await t.test("in an election it is told what it may want to know of its term", (t) => {
  t.strictSame(plain(workloadEnvironment({ A: "b" }, term, standing)), {
    A: "b",
    WHILE_LEADER_REVISION: "12",
    WHILE_LEADER_KEY: "jobs/694d",
    WHILE_LEADER_LEASE: "694d",
    WHILE_LEADER_OF: "jobs",
    WHILE_LEADER_AS: "me",
    ETCD_LOCK_REV: "15",
    ETCD_LOCK_KEY: "jobs/694d",
  });
  t.end();
});

await t.test("an outer term is forgotten for the inner one", (t) => {
  const outer = workloadEnvironment({}, term, standing);
  const inner = workloadEnvironment(
    outer.env,
    { ...term, key: "inner/1", revision: "13" },
    { name: "inner", identity: "i" },
  );
  t.match(inner.env, { WHILE_LEADER_KEY: "inner/1", ETCD_LOCK_KEY: "inner/1", WHILE_LEADER_REVISION: "13" });
  t.match(inner.env, { WHILE_LEADER_OF: "inner", WHILE_LEADER_AS: "i" });
  t.end();
});

await t.test("the variables that set our options are not handed on; etcdctl's and foreign ones are", (t) => {
  const options = OPTIONS.flatMap(({ environment }) => environment);
  const foreign = [
    "WHILE_LEADER_PORT",
    "WHILE_LEADER_SERVICE_HOST",
    "WHILE_LEADER_FOO",
    "ETCDCTL_API",
    "ETCDCTL_PASSWORD",
  ];
  const ours = Object.fromEntries([...options, ...foreign].map((name) => [name, "value"]));
  const kept = Object.keys(plain(workloadEnvironment(ours, term, undefined)));
  t.same(kept.toSorted(), [...options.filter((name) => name.startsWith("ETCDCTL_")), ...foreign].toSorted());
  t.end();
});

await t.test("every workload has a mark of its own, and those of all that it is under", (t) => {
  const first = workloadEnvironment({}, term, undefined);
  const second = workloadEnvironment({}, term, undefined);
  t.not(first.marker, second.marker);
  t.ok(first.marker.length >= 16, "too long to be met by chance");
  const inner = workloadEnvironment(first.env, term, undefined);
  const marks = Object.values(inner.env).join(" ");
  t.ok(marks.includes(first.marker) && marks.includes(inner.marker));
  t.end();
});

await t.test("what it was given is left alone", (t) => {
  const ours = Object.freeze({ WHILE_LEADER_TTL: "5", A: "b" });
  workloadEnvironment(ours, term, standing);
  t.strictSame(ours, { WHILE_LEADER_TTL: "5", A: "b" });
  t.end();
});
