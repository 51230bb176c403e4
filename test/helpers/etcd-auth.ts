import type { EtcdCluster } from "./etcd-server.js";

export interface AuthSettings {
  rootPassword: string;
  user: string;
  password: string;
  /** The user may read and write the keys that begin with this, and no others. */
  prefix: string;
}

/** Makes root and one user with a role of its own, turns authentication on, and has `cluster.etcdctl` act as root. */
export async function enableAuth(
  cluster: Pick<EtcdCluster, "etcdctl" | "login">,
  settings: AuthSettings,
): Promise<void> {
  const { rootPassword, user, password, prefix } = settings;
  const role = `${user}-role`;
  const steps = [
    ["user", "add", `root:${rootPassword}`],
    ["user", "add", `${user}:${password}`],
    ["role", "add", role],
    ["role", "grant-permission", "--prefix", role, "readwrite", prefix],
    ["user", "grant-role", user, role],
    ["auth", "enable"],
  ];
  for (const step of steps) {
    const { code, stderr } = await cluster.etcdctl(...step);
    if (code !== 0) throw new Error(`etcdctl ${step.slice(0, 2).join(" ")}: ${stderr.trim()}`);
  }
  cluster.login = `root:${rootPassword}`;
}
