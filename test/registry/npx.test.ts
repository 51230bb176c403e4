import { chmodSync, chownSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import t, { type Test } from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { MAJORS, nodeRelease } from "../helpers/node-releases.js";
import { packed } from "../helpers/tarball.js";
import { runToEnd, startWrapper, type WrapperOptions } from "../helpers/wrapper.js";

// As somebody runs it who has Node and nothing else: the tarball by npx, with a home and a cache of their own.

const NOBODY = 65_534;
/** npx fetches what the package depends on. */
const FETCH_LIMIT = 180_000;
const isRoot = process.getuid?.() === 0;
const users = [
  { user: isRoot ? "root" : "who runs this", id: undefined, skip: false },
  { user: "nobody", id: NOBODY, skip: !isRoot && "needs root, to become somebody else" },
];

const tarball = await packed(t);
const etcd = await startEtcd({ t });
const releases: [major: string, bin: string][] = [];
for (const major of MAJORS) releases.push([major, await nodeRelease(major)]);

for (const [major, bin] of releases) {
  for (const { user, id, skip } of users)
    await t.test(`npx runs the tarball on Node ${major}, as ${user}, without install scripts`, { skip }, async (t) => {
      const options = { t, ...placeFor(t, bin, id) };
      const run = (...args: string[]) => runToEnd(args, { ...options, timeoutMs: FETCH_LIMIT });
      const first = await run("--", "true");
      t.equal(first.code, 0, first.stderr);
      t.match((await run("--", "node", "-p", "process.version + ' ' + process.getuid()")).stdout, told(major, id));
      t.match(await run("--", "sh", "-c", "exit 7"), { code: 7 });
      t.match(await run("--", "sh", "-c", "kill -KILL $$"), { code: 137 });

      const stopped = startWrapper(
        ["--", "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done"],
        options,
      );
      await stopped.stdoutLine("ready", FETCH_LIMIT);
      stopped.kill("SIGTERM");
      t.match(await stopped.event("exiting"), { status: 9 }, "SIGTERM to npx reaches the command");
      await stopped.exitedWithin();

      const election = `npx-${major}-${id ?? ""}`;
      const led = await run("-v", "-n", election, ...etcd.flags, "--", "sh", "-c", "echo $WHILE_LEADER_OF; exit 3");
      t.match(led, { code: 3, stdout: `${election}\n` });
      for (const name of ["elected", "guarded", "resigned"])
        t.ok(
          led.events.some(({ event }) => event === name),
          name,
        );
    });
}

function told(major: string, id: number | undefined): RegExp {
  return new RegExp(`^v${major}\\.\\d+\\.\\d+ ${id ?? process.getuid?.()}\n$`);
}

/** A folder of one's own with the tarball and that Node, and how to run npx there as that user. */
function placeFor(t: Test, bin: string, id: number | undefined): WrapperOptions {
  const cwd = mkdtempSync(join(tmpdir(), "while-leader-npx-"));
  t.teardown(() => rmSync(cwd, { recursive: true, force: true, maxRetries: 5 }));
  copyFileSync(tarball.file, join(cwd, basename(tarball.file)));
  // Where the project is, nobody else may come.
  mkdirSync(join(cwd, "bin"));
  cpSync(join(bin, "node"), join(cwd, "bin/node"));
  mkdirSync(join(cwd, "home"));
  chmodSync(cwd, 0o755);
  if (id !== undefined) for (const path of [cwd, join(cwd, "home")]) chownSync(path, id, id);
  const become = id === undefined ? [] : ["setpriv", `--reuid=${id}`, `--regid=${id}`, "--clear-groups", "--"];
  const env = {
    PATH: [join(cwd, "bin"), process.env.PATH].join(delimiter),
    HOME: join(cwd, "home"),
    npm_config_cache: join(cwd, "home/cache"),
    npm_config_ignore_scripts: "true",
    npm_config_update_notifier: "false",
    // npm may need it to reach the registry.
    NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS,
  };
  return { cwd, env, program: [...become, "npx", `./${basename(tarball.file)}`] };
}
