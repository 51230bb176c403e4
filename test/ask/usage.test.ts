import t from "tap";
import { readConfig } from "../../lib/config.js";
import { refusalOf } from "../cli/reading.js";
import { runToEnd } from "../helpers/wrapper.js";

const jobs = ["-n", "jobs"];

async function questionOf(argv: readonly string[], env: Record<string, string> = {}) {
  const request = await readConfig(argv, env, "0");
  if (!("ask" in request)) throw new Error(`asks nothing: ${Object.keys(request).join()}`);
  return request.ask;
}

await t.test("what is asked", async (t) => {
  const rest = { name: "jobs", wait: undefined, log: { format: "text", level: "info" } };
  t.match(await questionOf([...jobs, "--who"]), { ...rest, follow: false, json: false });
  t.match(await questionOf([...jobs, "--watch"]), { ...rest, follow: true, json: false });
  t.match(await questionOf([...jobs, "--watch", "--json", "--"]), { ...rest, follow: true, json: true });
  t.match(await questionOf([...jobs, "--who", "--wait", "3s"]), { wait: 3_000 });
  t.match(await questionOf([], { WHILE_LEADER_ELECTION: "jobs", WHILE_LEADER_WATCH: "1" }), { follow: true });
  t.match(await questionOf([...jobs, "--who", "--watch=false"]), { follow: false });
  t.match(await questionOf([...jobs, "--who", "--endpoints", "a,b"]), {
    etcd: { endpoints: ["http://a:2379", "http://b:2379"] },
  });
});

await t.test("a question with a command is refused", async (t) => {
  for (const question of ["--who", "--watch"]) {
    const refusal = `${question}: only asks and starts nothing, but a command is given: "./worker"`;
    t.equal(await refusalOf([...jobs, question, "./worker"]), refusal);
    t.equal(await refusalOf([...jobs, question, "--", "./worker", "-v"]), refusal);
    t.match(await refusalOf([...jobs, question, ""]), /a command is given: ""$/);
  }
  t.match(await refusalOf([...jobs, "true"], { WHILE_LEADER_WHO: "1" }), /^WHILE_LEADER_WHO: only asks/);
});

await t.test("a question without an election is refused", async (t) => {
  t.equal(await refusalOf(["--who"]), "--who: needs --election NAME");
  t.equal(await refusalOf(["--watch", "--json"]), "--watch: needs --election NAME");
  t.match(await refusalOf(["--who", "-n", "a//b"]), /^--election "a\/\/b": /);
});

await t.test("two questions at once are refused, and --json without one", async (t) => {
  t.equal(await refusalOf([...jobs, "--who", "--watch"]), "--who: does not go with --watch");
  t.equal(await refusalOf([...jobs, "--json"]), "--json: needs --who or --watch");
  t.equal(await refusalOf([...jobs, "--json", "true"]), "--json: needs --who or --watch");
});

await t.test("whatever is refused: one line on stderr, status 64", async (t) => {
  const { code, stdout, stderr } = await runToEnd([...jobs, "--who", "--", "touch", "/nowhere"], { text: true });
  t.same({ code, stdout }, { code: 64, stdout: "" });
  t.match(stderr, /^while-leader: --who: [^\n]+\n$/);
});
