import t from "tap";
import { fixture } from "../helpers/paths.js";
import { asPid1, namespaceOf, needsPid1, needsRoot } from "../helpers/pid1.js";
import { runToEnd, startWrapper, type Wrapper } from "../helpers/wrapper.js";

interface Ground {
  /** Stands above the wrapper, and leaves it no /proc that shows its processes. */
  under: string[];
  isPid1: boolean;
  needs: { readonly skip: false | string };
}

const hidden = ["sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"];
const foreign = asPid1.filter((word) => word !== "--mount-proc");
const grounds: Record<string, Ground> = {
  "as PID 1, /proc hidden": { under: [...asPid1, ...hidden], isPid1: true, needs: needsPid1 },
  "as PID 1, /proc another namespace's": { under: foreign, isPid1: true, needs: needsPid1 },
  "not as PID 1, /proc hidden": { under: ["unshare", "--mount", ...hidden], isPid1: false, needs: needsRoot },
};

// Ends with status 4 on SIGUSR1, and leaves two jobs in its group.
const leaves = `trap 'exit 4' USR1
  (trap 'echo asked; exit' TERM; echo one that heeds; while :; do sleep 0.02; done) &
  (trap '' TERM; echo one that does not; exec sleep 300) &
  while :; do sleep 0.02; done`;

for (const [how, { under, isPid1, needs }] of Object.entries(grounds)) {
  const killerOf = async (wrapper: Wrapper) => (isPid1 ? namespaceOf(wrapper) : wrapper);

  await t.test(`${how}: signals arrive, and the status comes back`, needs, async (t) => {
    const wrapper = startWrapper([fixture("signals.js"), "--exit-on", "SIGUSR2=7"], { t, under });
    await wrapper.stdoutLine("ready");
    const killer = await killerOf(wrapper);
    for (const signal of ["SIGHUP", "SIGTERM", "SIGUSR2"] as const) {
      killer.kill(signal);
      await wrapper.stdoutLine(signal);
    }
    t.match(await wrapper.exitedWithin(), { code: 7 });
    t.equal(wrapper.stdout, "ready\nSIGHUP\nSIGTERM\nSIGUSR2\n");
    t.match(await runToEnd(["--", fixture("exit-with.sh"), "KILL"], { under }), { code: 137 });
  });

  await t.test(`${how}: what the command leaves in its group is asked to end, then killed`, needs, async (t) => {
    const wrapper = startWrapper(["--kill-after", "300ms", "--", "sh", "-c", leaves], { t, under });
    await wrapper.stdoutLine("one that heeds");
    await wrapper.stdoutLine("one that does not");
    (await killerOf(wrapper)).kill("SIGUSR1");
    t.match(await wrapper.exitedWithin(), { code: 4 });
    await wrapper.stdoutLine("asked");
    t.ok(wrapper.events.some(({ event }) => event === "killing"));
    t.same(wrapper.descendants(), []);
  });

  await t.test(`${how}: one line says what is not watched`, needs, async (t) => {
    // All the occasions to say it again: leftovers are looked for, asked to end, and killed.
    const command = ["sh", "-c", "trap '' TERM; sleep 300 & exit 3"];
    const wrapper = startWrapper(["--kill-after", "100ms", "--", ...command], { t, under });
    await wrapper.event("killing");
    const said = wrapper.events.filter(({ event }) => event === "no-proc");
    t.match(said, [{ level: "warn", note: /\/proc/ }]);
    t.equal(said.length, 1);
    t.notMatch(wrapper.stderr, /^[^{]/m, "and nothing but the log is written");
  });
}

await t.test("where /proc shows all there is to see, nothing is said of it", needsPid1, async (t) => {
  const { events } = await runToEnd(["--", "true"], { under: asPid1 });
  t.notOk(events.some(({ event }) => event === "no-proc"));
});
