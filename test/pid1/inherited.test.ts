import t, { type Test } from "tap";
import { Child } from "../helpers/child.js";
import { environmentWithout } from "../helpers/command.js";
import { fixture } from "../helpers/paths.js";
import { asPid1, needsPid1 } from "../helpers/pid1.js";
import { runToEnd } from "../helpers/wrapper.js";

/** What a command prints as PID 1 after `script` has prepared the ground, and what it prints below a wrapper that is. */
async function bothWays(t: Test, script: string, command: readonly string[]): Promise<[string, string]> {
  const cwd = t.testdirName;
  const under = ["bash", "-c", `${script}; exec "$@"`, "bash", ...asPid1];
  const [file = "", ...args] = [...under, ...command];
  const plain = new Child(file, args, { t, env: environmentWithout("ETCD", "WHILE_LEADER_", "npm_"), cwd });
  const wrapped = await runToEnd(["-q", "--", ...command], { under, cwd });
  await plain.exitedWithin();
  return [`${plain.stderr}${plain.stdout}`, `${wrapped.stderr}${wrapped.stdout}`];
}

await t.test("as PID 1, limits, umask, niceness and signal masks are as without the wrapper", needsPid1, async (t) => {
  t.testdir();
  const script = "umask 027; ulimit -c 0; ulimit -Ss 4096; renice -n 5 $$ >/dev/null";
  const [plain, wrapped] = await bothWays(t, script, [fixture("show-limits.sh")]);
  t.match(wrapped, /^stack-soft=4096$[^]*^umask=0027$[^]*^nice=5$/m);
  t.equal(withoutOpenFiles(wrapped), withoutOpenFiles(plain));
});

/** Node raises that limit, and PID 1 has no parent to learn from what it was: docs/limits.md says so. */
function withoutOpenFiles(text: string): string {
  return text.replace(/^nofile-soft=.*$/m, "");
}

await t.test("as PID 1, open files are handed on by their numbers, and none of Node's own", needsPid1, async (t) => {
  t.testdir();
  const show = ["sh", "-c", 'for f in /proc/$$/fd/*; do [ ! -e $f ] || echo "${f##*/} $(readlink $f)"; done'];
  const scripts = {
    "3, 5, 15 and 17": "exec 3>>a 5>>b 15>>c 17>>d",
    "16, and /dev/null": "exec 3</dev/null 9>/dev/null 16>>a",
  };
  for (const [what, script] of Object.entries(scripts)) {
    const [plain, wrapped] = await bothWays(t, script, show);
    t.match(wrapped, /^(?:15|16) .*\/[ac]$/m, what);
    t.equal(withoutPipes(wrapped), withoutPipes(plain), what);
  }
});

/** Each run has pipes of its own. */
function withoutPipes(text: string): string {
  return text.replace(/(pipe|socket):\[\d+\]/g, "$1");
}

// Elsewhere than from 3 on it cannot be told from Node's own, and docs/limits.md says so.
await t.test(
  "as PID 1, a pipe with both ends at 3 and 4, such as make's jobserver, is handed on",
  needsPid1,
  async (t) => {
    t.testdir();
    // Opening /proc/self/fd/N anew makes the other end of a pipe.
    const pair = "exec 3< <(:) 4>/proc/self/fd/3";
    const use = 'echo token >&4 && read -r -n 5 -u 3 got && echo "$got"';
    const [plain, wrapped] = await bothWays(t, pair, ["bash", "-c", use]);
    t.equal(plain, "token\n");
    t.equal(wrapped, plain);
  },
);
