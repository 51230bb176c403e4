import t from "tap";
import { EVERYWHERE, inPlaces, KEYS, startIn, statusIn } from "./places.js";

const sleeper = ["sh", "-c", "ulimit -c 0; echo ready; exec sleep 300"];

for (const [name, key, status] of [
  ["Ctrl-C", "interrupt", 130],
  ["Ctrl-\\", "quit", 131],
] as const) {
  await inPlaces(t, EVERYWHERE, `${name} ends a command without handlers with ${status}`, async (t, place) => {
    const terminal = await startIn(t, place, sleeper);
    await terminal.shows(/^ready$/m);
    terminal.type(KEYS[key]);
    t.equal(await statusIn(place, terminal), status);
  });
}

await inPlaces(t, EVERYWHERE, "the command's own status is handed on", async (t, place) => {
  const commands = [
    ["exit 3", 3],
    ["exit 255", 255],
    ["kill -KILL $$", 137],
    ["kill -TERM $$", 143],
  ] as const;
  for (const [script, status] of commands) {
    const terminal = await startIn(t, place, ["sh", "-c", script]);
    t.equal(await statusIn(place, terminal), status);
    await terminal.end();
  }
});
