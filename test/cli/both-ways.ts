import type { Test } from "tap";
import { Child } from "../helpers/child.js";
import { environmentWithout } from "../helpers/command.js";
import { runToEnd } from "../helpers/wrapper.js";

/**
 * What a command prints after `script` has prepared the ground: without the wrapper, and with it. The two should be equal.
 * Both at once, in the test's `testdir`. bash, because dash has no file descriptors of two digits.
 */
export async function bothWays(t: Test, script: string, command: readonly string[]): Promise<[string, string]> {
  const under = ["bash", "-c", `${script}; "$@"; exit $?`, "bash"];
  const [file = "", ...args] = [...under, ...command];
  const cwd = t.testdirName;
  const plain = new Child(file, args, {
    t,
    env: environmentWithout("ETCD", "WHILE_LEADER_", "npm_"),
    cwd,
  });
  const wrapped = await runToEnd(["-q", "--", ...command], { under, cwd });
  await plain.exitedWithin();
  return [`${plain.stderr}${plain.stdout}`, `${wrapped.stderr}${wrapped.stdout}`];
}
