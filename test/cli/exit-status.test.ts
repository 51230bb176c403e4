import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import t from "tap";
import { fixture } from "../helpers/paths.js";
import { runToEnd, type WrapperOptions } from "../helpers/wrapper.js";

const status = async (command: readonly string[], options: WrapperOptions = {}) =>
  (await runToEnd(["-q", "--", ...command], options)).code;

// phusion/baseimage-docker#45, just-containers/s6-overlay#320: a wait status was handed on.
await t.test("the status is the command's own", async (t) => {
  const statuses = [0, 1, 64, 75, 127, 255];
  const seen = await Promise.all(statuses.map((one) => status([fixture("exit-with.sh"), String(one)])));
  t.same(seen, statuses);
});

// Yelp/dumb-init#59, npm/npm#4110: it was 0; tapjs/foreground-child#54, #67: 128 and a name was no number.
await t.test("the status is 128+n when signal n ended the command", async (t) => {
  const signals = ["HUP", "KILL", "SEGV", "TERM"] as const;
  const seen = await Promise.all(signals.map((name) => status([fixture("exit-with.sh"), name])));
  t.same(
    seen,
    signals.map((name) => 128 + constants.signals[`SIG${name}`]),
  );
});

// Yelp/dumb-init#32, krallin/tini#59, phusion/baseimage-docker#420: 0, 1 or 2.
await t.test("126: the command is there but cannot be executed", async (t) => {
  const folder = t.testdir({ plain: "#!/bin/sh\n", loop: t.fixture("symlink", "loop") });
  const commands = [join(folder, "plain"), folder, join(folder, "plain", "below"), join(folder, "loop"), "/"];
  const ended = await Promise.all(commands.map((command) => runToEnd(["--", command, "arg"])));
  for (const [index, { code, stdout, events }] of ended.entries()) {
    t.match({ code, stdout }, { code: 126, stdout: "" }, `${commands[index]}`);
    const failed = events.find(({ level }) => level === "error");
    t.ok(String(failed?.["error"]).startsWith(`cannot run ${commands[index]}: `), String(failed?.["error"]));
  }
});

// Yelp/dumb-init#81: the message named another word.
await t.test("127: the command was not found", async (t) => {
  const cwd = t.testdir({ here: "" });
  chmodSync(join(cwd, "here"), 0o755);
  const commands: (readonly [string, WrapperOptions])[] = [
    ["no-such-command", {}],
    ["/no/such/command", {}],
    ["./no-such-command", { cwd }],
    ["here", { cwd }],
    ["sh", { env: { PATH: "/no/such/folder" } }],
    ["sh", { env: { PATH: "" } }],
  ];
  const ended = await Promise.all(commands.map(([command, options]) => runToEnd(["--", command], options)));
  for (const [index, { code, events }] of ended.entries()) {
    const command = commands[index]?.[0] ?? "";
    t.equal(code, 127, `${command} ${JSON.stringify(commands[index]?.[1])}`);
    t.match(events, [{}, {}, { level: "error", error: `cannot run ${command}: not found` }, {}]);
  }
});

await t.test("the command is looked for as a shell does", async (t) => {
  const cwd = t.testdir({ bin: {}, sub: {} });
  for (const name of ["bin/tool", "here", "sub/tool"]) {
    writeFileSync(join(cwd, name), "#!/bin/sh\nexit 42\n", { mode: 0o755 });
  }
  symlinkSync(join(cwd, "here"), join(cwd, "link"));
  const plain = join(cwd, "bin", "plain");
  writeFileSync(plain, "exit 43\n", { mode: 0o755 });
  const path = `${join(cwd, "bin")}:/usr/bin:/bin`;
  const seen = await Promise.all([
    status(["./here"], { cwd }),
    status(["sub/tool"], { cwd }),
    status([join(cwd, "link")]),
    status(["tool"], { env: { PATH: path } }),
    status(["here"], { cwd, env: { PATH: "" } }), // an empty PATH is the working directory
    status(["plain"], { env: { PATH: path } }), // a script without #! is one for sh
  ]);
  t.same(seen, [42, 42, 42, 42, 42, 43]);
});
