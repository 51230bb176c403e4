import { promisesHold } from "./histories.js";
import { SETS } from "./rule-sets.js";

/** Long enough for a term, its loss, a rejoining and a second term's stop. */
const LENGTH = 10;

await promisesHold(
  SETS.filter(({ restart, health, hooks }) => !restart && !health && !hooks),
  LENGTH,
);
