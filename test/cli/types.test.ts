import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { runCommand } from "../helpers/command.js";
import { projectPath } from "../helpers/paths.js";
import { packed } from "../helpers/tarball.js";

const PROGRAM = `
  import { Failure, grantLease, openElection, stderrLog, superviseWhileLeading, systemClock } from "while-leader";
  import type { Campaign, Clock, Election, HealthSettings, HookSettings, Lease, Log, LostReason, Signal, SuperviseSettings, Term } from "while-leader";

  const clock: Clock = systemClock();
  const log: Log = stderrLog({ format: "json", level: "info" });
  const stopWith: Signal = "SIGQUIT";
  const health: HealthSettings = { command: "true", retries: 2 };
  const hooks: HookSettings = { onElected: "true" };
  const rules = { stopWith, restart: "on-failure", maxRestarts: 3, health, hooks, group: true } as const;
  const settings: SuperviseSettings = { command: ["true"], election: { name: "jobs", ttl: 5_000 }, log, ...rules };
  const status: number = await superviseWhileLeading(settings);
  const election: Election = openElection({ name: "jobs", endpoints: "a:2379", user: { name: "u", password: "p" } }, log);
  const campaign: Campaign = election.campaign();
  const term: Term = await campaign.elected;
  const reason: LostReason = await term.lost;
  const { lease }: { lease: Lease } = await grantLease({ tls: { ca: Buffer.from("") } }, { signal: AbortSignal.timeout(5) });
  if (term.killAt() < clock.now() && reason === "expired") console.log(lease.hex, status, await campaign.withdraw(1_000));
  try { election.close(); } catch (error) { if (error instanceof Failure && error.code === "usage") throw error; }
  // @ts-expect-error a command has at least one word
  void superviseWhileLeading({ command: [] });
`;

// Of the package as it is installed: beside it are the types of Node and no other package.
await t.test(
  "a strict TypeScript program that uses the library compiles, the library's own types checked",
  async (t) => {
    const { root } = await packed(t);
    const checks = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true };
    const compilerOptions = { ...checks, target: "es2023", module: "nodenext", types: ["node"] };
    const files = { "package.json": { type: "module" }, "tsconfig.json": { compilerOptions } };
    const folder = t.testdir({
      ...Object.fromEntries(Object.entries(files).map(([name, content]) => [name, JSON.stringify(content)])),
      "program.ts": PROGRAM,
    });
    mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
    symlinkSync(root, join(folder, "node_modules/while-leader"));
    symlinkSync(projectPath("node_modules/@types/node"), join(folder, "node_modules/@types/node"));
    const tsc = projectPath("node_modules/typescript/bin/tsc");
    const { code, stdout } = await runCommand(process.execPath, [tsc], { cwd: folder });
    t.match({ code, stdout }, { code: 0, stdout: "" });
  },
);
