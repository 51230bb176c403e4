import t from "tap";
import { stopped } from "./facts.js";
import { inPlaces, KEYS, startIn, statusIn } from "./places.js";

// As editors do: at Ctrl-Z they tidy up, and stop themselves in a way that works everywhere.
const script = `
process.on("SIGTSTP", () => process.kill(process.pid, "SIGSTOP"));
setInterval(() => {}, 60_000);
console.log("ready");`;
const stopsItself = [process.execPath, "-e", script];

await inPlaces(t, ["session leader", "PID 1"], "Ctrl-C ends a command that has stopped itself", async (t, place) => {
  const terminal = await startIn(t, place, ["--kill-after", "60s", ...stopsItself]);
  await terminal.shows(/^ready$/m);
  terminal.type(KEYS.suspend);
  await stopped(await terminal.commandPid());
  terminal.type(KEYS.interrupt);
  t.equal(await statusIn(place, terminal), 130);
});
