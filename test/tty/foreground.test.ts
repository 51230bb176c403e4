import t, { type Test } from "tap";
import { noTerminal, type Terminal } from "../helpers/terminal.js";
import { modesAtPrompt, saneModes, startScript } from "./modes.js";
import { enter, INNER, INNER_SHELL, OUTER, startShell, told, wrapperLine } from "./places.js";

const skip = noTerminal() ?? false;
const args = ["--kill-after", "200ms", ...INNER_SHELL];

// Both leave a terminal whose foreground is a group that is gone: whoever reads from it then gets an error or is stopped.
const killed = {
  "is killed": async (terminal: Terminal) => {
    process.kill(await terminal.commandPid(), "SIGKILL");
  },
  "is killed together with its job in the foreground": async (terminal: Terminal) => {
    await told(terminal, `sh -c 'stty raw -echo; echo rea""dy; exec sleep 300'`, /^ready$/m);
    process.kill(await terminal.wrapperPid(), "SIGTERM");
  },
};

for (const [how, kill] of Object.entries(killed)) {
  await t.test(`a shell that ${how} leaves the terminal to the script before it`, { skip }, async (t) => {
    const terminal = startScript(t, args);
    await terminal.shows(INNER);
    await kill(terminal);
    await leavesToScript(t, terminal);
  });

  await t.test(`a shell that ${how} leaves the terminal to the shell before it`, { skip }, async (t) => {
    const terminal = await startShell(t);
    const before = await modesAtPrompt(terminal);
    enter(terminal, wrapperLine(args));
    await terminal.shows(INNER);
    await kill(terminal);
    await terminal.shows(OUTER);
    t.equal(await modesAtPrompt(terminal), before);
  });
}

async function leavesToScript(t: Test, terminal: Terminal): Promise<void> {
  await terminal.shows(/status=1\d\d/);
  t.equal(await terminal.modes(), await saneModes());
  await told(terminal, "hello", /^hello\nhello\n/);
}
