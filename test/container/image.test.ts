import t, { type Test } from "tap";
import { until } from "../helpers/until.js";
import { Container, pageOf } from "./container.js";

const ALONE = ["--network", "none"];
/** As little as a container can be given. nginx writes to /tmp. */
const RESTRICTED = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];

await t.test("a server that knows nothing of Node runs under while-leader, which is PID 1", async (t) => {
  const box = await started(t, ALONE);
  t.match((await box.exec("cat", "/proc/1/cmdline")).stdout, "while-leader\0--stop-with\0QUIT");
  t.match(await box.event("no-election"), { level: "warn" });
  t.equal(await until("nginx to answer", () => answer(box)), "served by host");
});

await t.test("docker kill -s HUP is the server's: it reads its settings again and goes on", async (t) => {
  const box = await started(t, ALONE);
  const master = Number((await box.event("started")).pid);
  const workers = async () => (await box.exec("cat", `/proc/${master}/task/${master}/children`)).stdout.trim();
  const before = await until("nginx's workers", workers);
  await box.signal("HUP");
  t.match(await box.event("signal"), { signal: "SIGHUP", to: "command" });
  await until("other workers", async () => {
    const now = (await workers()).split(" ");
    return now.every((pid) => pid !== "" && !before.split(" ").includes(pid));
  });
  t.equal(await until("nginx to answer", () => answer(box)), "served by host");
});

await t.test("a read-only image, no root, no capability and no new privileges are enough", async (t) => {
  const box = await started(t, [...ALONE, ...RESTRICTED]);
  const status = (await box.exec("cat", "/proc/1/status")).stdout;
  t.match(status, /^Uid:(\s+10001){4}$/m);
  t.match(status, /^CapBnd:\s+0+$/m);
  t.match(status, /^CapEff:\s+0+$/m);
  t.match(status, /^NoNewPrivs:\s+1$/m);
  t.match(await box.exec("touch", "/opt/while-leader/touched"), { code: 1, stderr: /Read-only file system/ });
  t.equal(await until("nginx to answer", () => answer(box)), "served by host");
  await box.stop();
  t.equal(await box.status(), 0);
});

await t.test("with docker run --init another init is PID 1, and the server ends as well", async (t) => {
  const box = await started(t, [...ALONE, "--init"]);
  t.match((await box.exec("cat", "/proc/1/cmdline")).stdout, "docker-init");
  await until("nginx to answer", () => answer(box));
  await box.stop();
  t.equal(await box.status(), 0);
});

await t.test("another command takes the server's place, and its exit status is the container's", async (t) => {
  for (const [command, status] of [
    [["sh", "-c", "exit 7"], 7],
    [["sh", "-c", "kill -ABRT $$"], 134],
    [["/no/such"], 127],
    [["/etc/hostname"], 126],
  ] as const) {
    t.equal(await new Container(t, "host", { flags: ALONE, command }).status(), status, command.join(" "));
  }
});

async function started(t: Test, flags: readonly string[]): Promise<Container> {
  const box = new Container(t, "host", { flags });
  await box.event("started");
  return box;
}

/** What nginx answers, once it does. */
async function answer(box: Container): Promise<string | undefined> {
  const page = await pageOf(box.name);
  return page.startsWith("served") ? page : undefined;
}
