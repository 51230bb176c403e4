import { forgetFailures } from "./apt-etcd.js";
import { findEtcd, requireEtcd } from "./etcd-binaries.js";

// Run before the tests, so that these find etcd in its place and need no time for it.
try {
  await forgetFailures();
  const etcd = await requireEtcd();
  console.log(`etcd ${etcd.version}: ${etcd.etcd}`);
  const newer = await findEtcd("3.5");
  console.log(newer ? `etcd ${newer.version}: ${newer.etcd}` : "etcd 3.5: not to be had, its tests will be skipped");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
