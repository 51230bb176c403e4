import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { parseAllDocuments } from "yaml";
import { enableAuth } from "../helpers/etcd-auth.js";
import { projectPath } from "../helpers/paths.js";
import { until } from "../helpers/until.js";
import type { ContainerOptions } from "./container.js";
import { Site } from "./site.js";

interface Probe {
  httpGet: { path: string; port: string };
}

/** What of the manifest is carried over to `docker run`. */
interface Pod {
  terminationGracePeriodSeconds: number;
  securityContext: { runAsUser: number; runAsGroup: number };
  containers: [
    {
      command?: string[];
      args: string[];
      env: { name: string; value?: string }[];
      ports: { name: string; containerPort: number }[];
      startupProbe: Probe;
      livenessProbe: Probe;
      readinessProbe: Probe;
      lifecycle: { preStop: { exec: { command: string[] } } };
      securityContext: { readOnlyRootFilesystem: boolean; capabilities: { drop: string[] } };
      resources: { limits: { memory: string } };
    },
  ];
}

interface Manifest {
  kind: string;
  spec: { template: { spec: Pod } };
  stringData: { password: string };
}

const MANIFESTS = parseAllDocuments(readFileSync(projectPath("examples/kubernetes/deployment.yaml"), "utf8")).map(
  (document) => document.toJS() as Manifest,
);
const pod = of("Deployment").spec.template.spec;
const [container] = pod.containers;

// In another place than the manifest's.
const ETCD = { WHILE_LEADER_ENDPOINTS: "etcd:2379" };

await t.test("deployment.yaml: the grace period has room for preStop, --kill-after and resigning", async (t) => {
  const [word, seconds] = container.lifecycle.preStop.exec.command;
  t.equal(word, "sleep");
  t.ok(pod.terminationGracePeriodSeconds > Number(seconds) + 8 + 2);
  t.equal(container.command, undefined, "the image's ENTRYPOINT is while-leader");
});

await t.test("deployment.yaml: its pods' container, as it is described, and what the kubelet asks it", async (t) => {
  const site = await Site.open(t);
  const { password } = of("Secret").stringData;
  await enableAuth(site, { rootPassword: "root", user: "web", password, prefix: `${site.election}/` });
  const a = await site.leader("web-a", asDescribed(t, "web-a"));
  const b = await site.standby("web-b", asDescribed(t, "web-b"));
  t.same(await site.queue(), ["web-a", "web-b"]);
  for (const box of [a, b]) {
    t.equal(await asked(box.name, container.startupProbe), 200);
    t.equal(await asked(box.name, container.livenessProbe), 200);
  }
  t.equal(await asked(a.name, container.readinessProbe), 200);
  t.equal(await asked(b.name, container.readinessProbe), 503);
  // As the kubelet ends it: preStop, the stop signal, and SIGKILL when the rest of the grace period is over.
  const [, seconds] = container.lifecycle.preStop.exec.command;
  t.match(await a.exec(...container.lifecycle.preStop.exec.command), { code: 0 });
  t.equal(await asked(a.name, container.readinessProbe), 200, "it serves until then");
  await a.stop("--time", `${pod.terminationGracePeriodSeconds - Number(seconds)}`);
  t.equal(await a.status(), 0);
  await until("b to be ready", async () => (await asked(b.name, container.readinessProbe)) === 200, {
    timeoutMs: 60_000,
  });

  /** The status that a probe is answered with, asked from the same network. */
  async function asked(host: string, { httpGet: { path, port } }: Probe): Promise<number> {
    const number = container.ports.find(({ name }) => name === port)?.containerPort;
    const ask = `fetch('http://${host}:${number}${path}').then((r) => console.log(r.status))`;
    const { stdout, stderr } = await b.exec("node", "-e", ask);
    return stderr === "" ? Number(stdout) : NaN;
  }
});

function of(kind: string): Manifest {
  const found = MANIFESTS.find((manifest) => manifest.kind === kind);
  if (!found) throw new Error(`no ${kind} in the manifest`);
  return found;
}

/** The pod's container in the words of `docker run`. */
function asDescribed(t: Test, name: string): ContainerOptions {
  const folder = mkdtempSync(join(tmpdir(), "while-leader-secret-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  // fsGroup and defaultMode: readable for the pod's user, whom nobody on this machine need know.
  writeFileSync(join(folder, "password"), of("Secret").stringData.password, { mode: 0o444 });
  const { runAsUser, runAsGroup } = pod.securityContext;
  const { readOnlyRootFilesystem, capabilities } = container.securityContext;
  const flags = [
    ["--user", `${runAsUser}:${runAsGroup}`],
    readOnlyRootFilesystem ? ["--read-only"] : [],
    capabilities.drop.flatMap((capability) => ["--cap-drop", capability]),
    ["--security-opt", "no-new-privileges"],
    ["--memory", container.resources.limits.memory.replace("Mi", "m")],
    ["--tmpfs", "/tmp"],
    ["--volume", `${folder}:/etc/while-leader:ro`],
  ];
  const own = container.env.map(({ name: variable, value }) => [variable, value ?? name] as const);
  return { flags: flags.flat(), env: { ...Object.fromEntries(own), ...ETCD }, command: container.args };
}
