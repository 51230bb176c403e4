import t from "tap";
import { runCommand } from "../helpers/command.js";
import type { Terminal } from "../helpers/terminal.js";
import { until } from "../helpers/until.js";
import { enter, EVERYWHERE, inPlaces, startIn, statusIn } from "./places.js";

const SECRET = "open-sesame";

const script = `
read -r -s -p "password: " word </dev/tty
echo; echo "length=\${#word}"
exec sha256sum <<<"$word"`;

await inPlaces(t, EVERYWHERE, "a password can be typed at /dev/tty and is not shown", async (t, place) => {
  const terminal = await startIn(t, place, ["bash", "-c", script]);
  const before = await askedFor(terminal, /^password: $/m);
  enter(terminal, SECRET);
  t.equal((await terminal.shows(/^length=(\d+)$/m))[1], `${SECRET.length}`);
  t.equal(await statusIn(place, terminal), 0);
  t.notMatch(terminal.shown, SECRET);
  t.match(before, / -echo /);
});

const hashes = ["passwd", "-5", "-salt", "salt", "-noverify"];
const hashed = await runCommand("openssl", [...hashes, SECRET]);
const skip = hashed.code === 0 ? false : "there is no openssl(1) here, which asks for passwords at /dev/tty";

await t.test("openssl asks at /dev/tty for a password", { skip }, async (t) => {
  await inPlaces(t, EVERYWHERE, "and gets what was typed", async (t, place) => {
    const terminal = await startIn(t, place, ["openssl", ...hashes]);
    await askedFor(terminal, /^Password: $/m);
    enter(terminal, SECRET);
    t.equal((await terminal.shows(/^\$5\$.*$/m))[0], hashed.stdout.trim());
    t.equal(await statusIn(place, terminal), 0);
    t.notMatch(terminal.shown, SECRET);
  });
});

/** Waits until the prompt is there and what is typed is not shown any more. */
async function askedFor(terminal: Terminal, prompt: RegExp): Promise<string> {
  await terminal.shows(prompt);
  return until("the echo to be off", async () => {
    const modes = await terminal.modes();
    return modes.includes(" -echo ") && modes;
  });
}
