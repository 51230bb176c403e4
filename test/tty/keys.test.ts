import t from "tap";
import { fixture } from "../helpers/paths.js";
import type { Terminal } from "../helpers/terminal.js";
import { EVERYWHERE, inPlaces, KEYS, passedOn, startIn, startShell, statusIn, told, wrapperLine } from "./places.js";

const ROUNDS = 5;

await inPlaces(t, EVERYWHERE, "Ctrl-C and Ctrl-\\ reach the command exactly once", async (t, place) => {
  const command = [fixture("signals.js"), "--exit-on", "SIGTERM=9"];
  const terminal = await startIn(t, place, ["--kill-after", "60s", ...command]);
  await terminal.shows(/^ready$/m);
  for (let round = 0; round < ROUNDS; round++) {
    for (const key of ["quit", "interrupt"] as const) {
      terminal.type(KEYS[key]);
      await terminal.shows(/SIG/);
      await passedOn(terminal);
      t.same(signals(terminal), [key === "quit" ? "SIGQUIT" : "SIGINT"]);
    }
  }
  t.match(await terminal.event("stopping"), { cause: "SIGINT" });
  const passed = terminal.events.filter(({ event, signal }) => event === "signal" && signal !== "SIGPWR");
  t.equal(passed.length, 2 * ROUNDS);
  t.ok(passed.every(({ to }) => to === "terminal"));
  process.kill(await terminal.wrapperPid(), "SIGTERM");
  t.equal(await statusIn(place, terminal), 9);
});

/** What the command has got since then, without those of `passedOn`: behind a key's echo, a prompt, or nothing. */
function signals({ answer }: Terminal): (string | undefined)[] {
  return [...answer.matchAll(/(?:^|\^[C\\]|> )(SIG(?!PWR)\w+)$/gm)].map(([, name]) => name);
}

await inPlaces(
  t,
  EVERYWHERE,
  "Ctrl-C stops a command, which may take its time and choose its status",
  async (t, place) => {
    const terminal = await startIn(t, place, [fixture("signals.js"), "--exit-on", "SIGINT=9"]);
    await terminal.shows(/^ready$/m);
    terminal.type(KEYS.interrupt);
    t.equal(await statusIn(place, terminal), 9);
  },
);

await inPlaces(t, ["job of bash"], "what the terminal could have sent, but has not, is passed on", async (t) => {
  const terminal = await startShell(t);
  const command = [fixture("signals.js"), "--exit-on", "SIGTERM"];
  await told(terminal, `${wrapperLine(["--kill-after", "60s", ...command])} &`, /ready$/m);
  const wrapper = await terminal.wrapperPid();
  for (const name of ["SIGQUIT", "SIGWINCH", "SIGCONT", "SIGINT"] as const) {
    terminal.forget();
    process.kill(wrapper, name);
    await terminal.shows(/SIG/);
    await passedOn(terminal);
    t.same(signals(terminal), [name]);
    t.match(await terminal.event("signal", { where: ({ signal }) => signal === name }), { to: "command" });
  }
});
