import { chmodSync, mkdirSync, realpathSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import t from "tap";
import { fixture } from "../helpers/paths.js";
import { runToEnd } from "../helpers/wrapper.js";
import { bothWays } from "./both-ways.js";

const limits = [fixture("show-limits.sh")];

await t.test("limits, umask, niceness and signal masks are as without the wrapper", async (t) => {
  t.testdir();
  const nice = 'exec nice -n 5 bash -c \'"$@"; exit $?\' bash "$@"';
  const [plain, wrapped] = await bothWays(
    t,
    `umask 027; ulimit -Sn 512; ulimit -c 0; ulimit -Ss 4096; ${nice}`,
    limits,
  );
  t.match(wrapped, /^nofile-soft=512$[^]*^stack-soft=4096$[^]*^umask=0027$/m);
  t.match(wrapped, new RegExp(`^nice=${Math.min(getPriority() + 5, 19)}$`, "m"));
  t.equal(wrapped, plain);
});

await t.test("the working directory is the same", async (t) => {
  const cwd = realpathSync(t.testdir());
  const { stdout } = await runToEnd(["-q", "sh", "-c", "pwd -P; echo $PWD"], { cwd, env: { PWD: "/as/it/was/given" } });
  t.match(stdout, new RegExp(`^${cwd}\n`));
});

await t.test("a working directory without a name, or with one that is no UTF-8, is no obstacle", async (t) => {
  t.testdir();
  const here = ["sh", "-c", "[ . -ef /proc/$PPID/cwd ] && echo here"];
  const scripts = {
    "no UTF-8": "mkdir -p $'d\\xe9/below' && cd $'d\\xe9/below'",
    deleted: "mkdir $$ && cd $$ && rmdir ../$$",
  };
  for (const [what, script] of Object.entries(scripts)) {
    const [plain, wrapped] = await bothWays(t, script, here);
    t.match(plain, /^here$/m);
    t.match(wrapped, /^here$/m, what);
  }
});

const asNobody = { skip: process.getuid?.() === 0 ? false : "only root can become somebody else" };

await t.test("a working directory that only its parents hide is no obstacle", asNobody, async (t) => {
  const hidden = t.testdir();
  mkdirSync(join(hidden, "below"));
  chmodSync(join(hidden, "below"), 0o755);
  chmodSync(hidden, 0o700);
  const script = "cd below && umask 022";
  const drop = ["setpriv", "--reuid=65534", "--clear-groups"];
  const under = ["bash", "-c", `${script}; exec "$@"`, "bash", ...drop];
  const { code, stdout, stderr } = await runToEnd(["-q", "echo", "here"], { under, cwd: hidden });
  t.match({ code, stdout, stderr }, { code: 0, stdout: "here\n", stderr: "" });
});
