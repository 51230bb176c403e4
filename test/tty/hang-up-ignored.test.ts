import t from "tap";
import { until } from "../helpers/until.js";
import { EVERYWHERE, inPlaces, startIn } from "./places.js";

// The kernel tells the leader of a session alone; and whoever ignores SIGHUP does not heed it either way.
const ignores = ["sh", "-c", `trap "" HUP; echo ready; exec sleep 300`];

await inPlaces(t, EVERYWHERE, "a hang-up ends a command that ignores SIGHUP, after --kill-after", async (t, place) => {
  const terminal = await startIn(t, place, ["--kill-after", "300ms", ...ignores]);
  await terminal.shows(/^ready$/m);
  await terminal.event("started");
  await terminal.hangUp();
  await until("nobody to be left", () => terminal.descendants().length === 0, { timeoutMs: 4_000 });
});
