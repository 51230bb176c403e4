import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { noTerminal, startTerminal } from "../helpers/terminal.js";
import { until } from "../helpers/until.js";
import { wrapperLine } from "./places.js";

const sleeps = ["sh", "-c", "echo ready; exec sleep 300"];

await t.test("a hang-up does not make while-leader crash", { skip: noTerminal() ?? false }, async (t) => {
  const file = join(t.testdir(), "status");
  // Somebody has to be left to see the status: a shell beside the session's leader, which ignores the hang-up.
  const script = `(trap "" HUP; ${wrapperLine(sleeps)}; echo "$?" >"$file") </dev/tty & wait`;
  const terminal = startTerminal([], { t, leader: ["sh", "-c", script], env: { file } });
  await terminal.shows(/^ready$/m);
  await terminal.event("started");
  await terminal.hangUp();
  const status = () => (existsSync(file) ? readFileSync(file, "utf8") : "");
  await until("the status", () => status().endsWith("\n"));
  t.equal(status(), "129\n");
});
