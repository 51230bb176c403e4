import t from "tap";
import { fixture } from "../helpers/paths.js";
import { runToEnd, startWrapper } from "../helpers/wrapper.js";

await t.test("without --election the command runs at once, with one notice and without etcd", async (t) => {
  // Nobody listens there: whoever contacted it would say so.
  const env = { ETCDCTL_ENDPOINTS: "127.0.0.1:1", WHILE_LEADER_WAIT: "0" };
  const { code, stdout, events } = await runToEnd(["-vv", "echo", "out"], { env });
  t.match({ code, stdout }, { code: 0, stdout: "out\n" });
  t.same(
    events.map(({ level, event }) => `${level} ${event}`),
    ["info starting", "warn no-election", "info started", "info exited", "info exiting"],
  );
  t.match(events, [
    { command: "echo", pid: Number },
    { note: /--election/ },
    { pid: Number },
    { status: 0 },
    { status: 0 },
  ]);
});

await t.test("the log is silenced by -q, errors excepted", async (t) => {
  const [fine, failed, variable] = await Promise.all([
    runToEnd(["-q", "sh", "-c", "echo err >&2; exit 3"], { text: true }),
    runToEnd(["--quiet", "no-such-command"], { text: true }),
    runToEnd(["true"], { text: true, env: { WHILE_LEADER_QUIET: "1" } }),
  ]);
  t.match(fine, { code: 3, stderr: "err\n" });
  t.match(failed, { code: 127, stderr: /^while-leader: [^\n]*cannot run no-such-command: not found[^\n]*\n$/ });
  t.equal(variable?.stderr, "");
});

await t.test("the log is text, or with --log-format json an object a line", async (t) => {
  const command = ["sh", "-c", "kill -KILL $$"];
  const [text, json] = await Promise.all([
    runToEnd(["-v", ...command], { text: true }),
    runToEnd(command, { text: true, env: { WHILE_LEADER_LOG_FORMAT: "json" } }),
  ]);
  const lines = text.stderr.trimEnd().split("\n");
  for (const line of lines) t.match(line, /^while-leader: [a-z-]+( [a-z-]+=(\S+|"[^"]*"))*$/);
  const objects = json.stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const { time, level, event } of objects) {
    t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    t.match(level, /^(info|warn)$/);
    t.match(event, /^[a-z-]+$/);
  }
  t.same(
    objects.map(({ event }) => event),
    lines.map((line) => line.split(" ")[1]),
  );
  t.match(objects.slice(-2), [
    { event: "exited", signal: "SIGKILL" },
    { event: "exiting", status: 137 },
  ]);
});

await t.test("whoever does not end by the stop signal is killed after --kill-after", async (t) => {
  const wrapper = startWrapper(["--kill-after", "200ms", fixture("ignore-term.sh")], { t });
  await wrapper.stdoutLine("ready");
  wrapper.kill("SIGTERM");
  t.match(await wrapper.exitedWithin(), { code: 137 });
  const events = wrapper.events.slice(3).map(({ event }) => event);
  t.same(events, ["stopping", "signal", "killing", "exited", "exiting"]);
  t.match(wrapper.events[3], { cause: "SIGTERM", "kill-in": Number });
});
