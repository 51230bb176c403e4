import t from "tap";
import { Child } from "../helpers/child.js";
import { fixture, projectPath } from "../helpers/paths.js";
import { isAlive } from "../helpers/processes.js";
import { until } from "../helpers/until.js";

await t.test(
  "a program that supervises a command may be killed too: the command ends, its other children do not",
  async (t) => {
    const program = `
    import { spawn } from "node:child_process";
    import { superviseWhileLeading } from ${JSON.stringify(projectPath("dist/lib/index.js"))};
    const start = () => console.log("other", spawn("sleep", ["300"], { stdio: "ignore", detached: true }).pid);
    start();
    const status = superviseWhileLeading({ command: ["${fixture("signals.js")}"], guard: true });
    setTimeout(start, 100);
    await status;`;
    const child = new Child(process.execPath, ["--input-type=module", "--eval", program], { t });
    await child.stdoutLine("ready");
    const others = await until("two other children", () => {
      const pids = [...child.stdout.matchAll(/^other (\d+)$/gm)].map(([, pid]) => Number(pid));
      return pids.length === 2 && pids;
    });
    t.equal(child.descendants().length, 5, "with the program, its command and the guard");
    child.kill("SIGKILL");
    await until("the end of the command and of the guard", () => child.descendants().length === 2);
    t.ok(others.every(isAlive));
  },
);
