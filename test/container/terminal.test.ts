import t, { type Test } from "tap";
import { noTerminal, quoted, startTerminal, type Terminal } from "../helpers/terminal.js";
import { until } from "../helpers/until.js";
import { INNER, INNER_SHELL, KEYS, told } from "../tty/places.js";
import { pageOf, removeWith, runFlags, uniqueName } from "./container.js";
import { IMAGES } from "./engine.js";

const options = { skip: noTerminal() ?? false };
const ANSWERS = ["sh", "-c", 'echo ready; while read -r line; do echo "got $line"; done'];
const LIMIT = 60_000;

await t.test("docker run -it: Ctrl-C ends the server, and the container with it", { ...options }, async (t) => {
  const { terminal, name } = onTerminal(t, []);
  // Then it has its handlers: before, SIGINT would end it by the signal.
  await until("nginx to answer", async () => (await pageOf(name)).startsWith("served"), { timeoutMs: LIMIT });
  terminal.type(KEYS.interrupt);
  t.match(await terminal.event("stopping", { timeoutMs: LIMIT }), { cause: "SIGINT" });
  t.match(await terminal.exitedWithin(LIMIT), { code: 0 });
});

await t.test(
  "docker run -it: Ctrl-Z hangs nothing, the command still answers, and Ctrl-C ends it",
  { ...options },
  async (t) => {
    const { terminal } = onTerminal(t, ANSWERS);
    await terminal.shows(/^ready$/m, LIMIT);
    for (const word of ["one", "two"]) {
      terminal.type(KEYS.suspend);
      await terminal.shows(/\^Z/, LIMIT);
      await told(terminal, word, new RegExp(`^got ${word}$`, "m"));
    }
    terminal.type(KEYS.suspend);
    terminal.type(KEYS.interrupt);
    t.match(await terminal.exitedWithin(LIMIT), { code: 130 });
  },
);

await t.test("docker run -it with a shell: job control works in there", { ...options }, async (t) => {
  const { terminal } = onTerminal(t, INNER_SHELL);
  await terminal.shows(INNER, LIMIT);
  terminal.type(`${ANSWERS.map(quoted).join(" ")}${KEYS.enter}`);
  await terminal.shows(/^ready$/m, LIMIT);
  terminal.type(KEYS.suspend);
  await terminal.shows(/Stopped [^]*inner> $/, LIMIT);
  await told(terminal, "fg", /read -r line/);
  // A shell says so before it does so.
  await told(terminal, "one", /^got one$/m);
  terminal.type(KEYS.interrupt);
  await terminal.shows(INNER, LIMIT);
  await told(terminal, "stty size", /^24 500$/m);
  terminal.type(`exit 3${KEYS.enter}`);
  t.match(await terminal.exitedWithin(LIMIT), { code: 3 });
});

function onTerminal(t: Test, command: readonly string[]): { terminal: Terminal; name: string } {
  const name = uniqueName("tty");
  removeWith(t, name);
  const flags = ["--interactive", "--tty", "--network", "none", "--env", "TERM=dumb"];
  const leader = ["docker", "run", ...runFlags(name, "host", { flags }), IMAGES.example, ...command];
  return { terminal: startTerminal([], { t, leader }), name };
}
