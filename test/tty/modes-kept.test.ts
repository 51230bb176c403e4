import t from "tap";
import { isAlive } from "../helpers/processes.js";
import { noTerminal } from "../helpers/terminal.js";
import { until } from "../helpers/until.js";
import { both } from "./facts.js";
import { saneModes, startScript } from "./modes.js";
import { OUTER, startShell, told, wrapperLine } from "./places.js";

const skip = noTerminal() ?? false;

await t.test(
  "a command that changes the terminal's modes and ends by itself keeps what it did",
  { skip },
  async (t) => {
    const changed = (await saneModes()).replace(" echo ", " -echo ");
    for (const command of [
      ["stty", "-echo"],
      ["sh", "-c", "stty -echo; exit 3"],
    ]) {
      const terminal = startScript(t, command);
      await terminal.shows(/status=\d/);
      t.equal(await terminal.modes(), changed);
      await terminal.end();
    }
  },
);

await t.test("what ends in the background leaves the modes to the foreground", { skip }, async (t) => {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const terminal = await startShell(t);
    await told(terminal, `${wrapperLine(["sleep", "300"])} &`, OUTER);
    const [wrapper, command] = await both(terminal);
    // As an editor would, long after while-leader was started.
    await told(terminal, `sh -c 'stty -icanon -echo; echo rea""dy; exec sleep 300'`, /^ready$/m);
    const edited = await terminal.modes();
    process.kill(command, signal);
    await until("while-leader's end", () => !isAlive(wrapper));
    t.equal(await terminal.modes(), edited);
    await terminal.end();
  }
});
