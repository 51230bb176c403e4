import { promisesHold } from "./histories.js";
import { SETS } from "./rule-sets.js";

/** A run, its end, a restart, and what can end the term then; or looks at its health until it is unhealthy. */
const LONG_TERM_LENGTH = 8;
/** A term with both hooks and the command, each of which ends by itself. */
const HOOKS_LENGTH = 7;

await promisesHold(
  SETS.filter(({ restart, health, hooks }) => !hooks && (restart ?? health)),
  LONG_TERM_LENGTH,
);
await promisesHold(
  SETS.filter(({ hooks }) => hooks),
  HOOKS_LENGTH,
);
