import { existsSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { fixture } from "../helpers/paths.js";
import { until } from "../helpers/until.js";
import { EVERYWHERE, inPlaces, passedOn, startIn } from "./places.js";

await inPlaces(t, EVERYWHERE, "a hang-up leaves a command the time to save its work", async (t, place) => {
  const saved = join(t.testdir(), "saved");
  const script = `
    const save = () => {
      require("node:fs").writeFileSync(${JSON.stringify(saved)}, "");
      process.kill(process.pid, "SIGKILL");
    };
    process.on("SIGHUP", () => setTimeout(save, 300));
    setInterval(() => {}, 60_000);
    console.log("ready");`;
  const terminal = await startIn(t, place, [process.execPath, "-e", script]);
  await terminal.shows(/^ready$/m);
  await terminal.event("started");
  await terminal.hangUp();
  await until("nobody to be left", () => terminal.descendants().length === 0);
  t.ok(existsSync(saved));
});

await inPlaces(t, EVERYWHERE, "a SIGHUP is no hang-up while the terminal is there", async (t, place) => {
  const terminal = await startIn(t, place, [fixture("signals.js"), "--exit-on", "SIGTERM"]);
  await terminal.shows(/^ready$/m);
  process.kill(await terminal.wrapperPid(), "SIGHUP");
  await terminal.shows(/^SIGHUP$/m);
  await passedOn(terminal);
  t.notOk(terminal.events.some(({ event }) => event === "stopping"));
});
