import t from "tap";
import { startEtcd } from "../helpers/etcd-server.js";
import { noTerminal, startTerminal } from "../helpers/terminal.js";

const script = `echo "modes=$(stty -a | tr '\\n' ' ')"; stty raw -echo; echo ready; exec sleep 300`;

const promise = "a command that was killed for a lost term leaves that of the next term a sane terminal";
await t.test(promise, { skip: noTerminal() ?? false }, async (t) => {
  const etcd = await startEtcd({ t });
  const terminal = startTerminal(["-n", "jobs", ...etcd.flags, "--", "sh", "-c", script], { t });
  const first = await terminal.event("started");
  await terminal.shows(/^ready$/m);
  await etcd.etcdctl("del", "--prefix", "jobs/");
  await terminal.event("started", { after: first });
  await terminal.shows(/ready[^]*ready$/m);
  const [before, after] = [...terminal.shown.matchAll(/modes=(.*)$/gm)].map(([, modes]) => modes);
  t.ok(before);
  t.equal(after, before);
});
