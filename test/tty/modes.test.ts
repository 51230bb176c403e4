import t from "tap";
import { noTerminal, type Terminal } from "../helpers/terminal.js";
import { modesAtPrompt, saneModes, startScript } from "./modes.js";
import { enter, OUTER, startShell, told, wrapperLine } from "./places.js";

const skip = noTerminal() ?? false;

// Nothing that is typed is shown, and Ctrl-C is a character like others.
const raw = "stty raw -echo; echo ready; exec sleep 300";

const killed = {
  "was killed": {
    script: raw,
    kill: async (terminal: Terminal) => process.kill(await terminal.commandPid(), "SIGKILL"),
  },
  "was asked to end and did": { script: raw, kill: terminate },
  "was asked to end, did not, and was killed": { script: `trap "" TERM; ${raw}`, kill: terminate },
};

for (const [how, { script, kill }] of Object.entries(killed)) {
  const args = ["--kill-after", "200ms", "sh", "-c", script];

  await t.test(`a command in raw mode that ${how} leaves a script a sane terminal`, { skip }, async (t) => {
    const terminal = startScript(t, args);
    await terminal.shows(/^ready$/m);
    await kill(terminal);
    await terminal.shows(/status=1\d\d/);
    t.equal(await terminal.modes(), await saneModes());
    await told(terminal, "hello", /^hello\nhello\n/);
  });

  await t.test(`a command in raw mode that ${how} leaves a shell a sane terminal`, { skip }, async (t) => {
    const terminal = await startShell(t);
    const before = await modesAtPrompt(terminal);
    enter(terminal, wrapperLine(args));
    await terminal.shows(/^ready$/m);
    await kill(terminal);
    await terminal.shows(OUTER);
    t.equal(await modesAtPrompt(terminal), before);
  });
}

async function terminate(terminal: Terminal): Promise<boolean> {
  return process.kill(await terminal.wrapperPid(), "SIGTERM");
}
