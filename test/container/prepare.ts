import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireEtcd } from "../helpers/etcd-binaries.js";
import { projectPath } from "../helpers/paths.js";
import { buildImage, docker, IMAGES, noEngine } from "./engine.js";

// Run before the tests of this folder, which need an engine and images. Without an engine nothing is tested: no tests that pass.
const missing = await noEngine();
if (missing === undefined) await buildImages();
else {
  console.error(
    `test:container: nothing was tested: no container engine answers "docker version" (${missing}): start Docker, or set DOCKER_HOST`,
  );
  process.exitCode = 69;
}

async function buildImages(): Promise<void> {
  console.log(`engine ${await docker("version", "--format", "{{.Server.Version}}")}`);
  // The first time this takes minutes: packages are fetched, and it is compiled in there.
  await buildImage(IMAGES.example, projectPath("Dockerfile.example"), projectPath("."));
  console.log(`image ${IMAGES.example}: Dockerfile.example`);
  const { etcd, etcdctl, version } = await requireEtcd();
  const context = mkdtempSync(join(tmpdir(), "while-leader-image-"));
  try {
    copyFileSync(etcd, join(context, "etcd"));
    copyFileSync(etcdctl, join(context, "etcdctl"));
    const lines = ["FROM debian:bookworm-slim", "ENV ETCDCTL_API=3", "COPY etcd etcdctl /usr/local/bin/"];
    writeFileSync(join(context, "Dockerfile"), `${lines.join("\n")}\n`);
    await buildImage(IMAGES.etcd, join(context, "Dockerfile"), context);
    console.log(`image ${IMAGES.etcd}: etcd ${version}`);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}
