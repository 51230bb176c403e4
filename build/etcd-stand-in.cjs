const { loadPackageDefinition, Server, ServerCredentials } = require("@grpc/grpc-js");
const { loadSync } = require("@grpc/proto-loader");

/**
 * Says what etcd says to the only candidate of an election. For the build alone, which may have no etcd; tests have a real one.
 *
 * @returns its endpoint. It ends with the process.
 */
exports.standIn = async () => {
  const proto = require.resolve("etcd3/package.json").replace("package.json", "proto/rpc.proto");
  const { etcdserverpb } = loadPackageDefinition(loadSync(proto, { keepCase: true, longs: String, defaults: true }));
  const header = { cluster_id: "1", member_id: "1", revision: "2", raft_term: "2" };
  let own;
  const seen = (key) => ({ header, kvs: own.equals(key) ? [{ key, value: key, create_revision: "2" }] : [] });
  const services = {
    KV: {
      Range: ({ request: { key } }, answer) => answer(null, seen(key)),
      Txn({ request: { success } }, answer) {
        own ??= success[0].request_put.key;
        answer(null, { header, succeeded: true, responses: [{ response_put: {} }, { response_range: seen(own) }] });
      },
    },
    Lease: {
      LeaseGrant: ({ request: { ID, TTL } }, answer) => answer(null, { header, ID, TTL }),
      LeaseRevoke: (_call, answer) => answer(null, { header }),
      LeaseKeepAlive: (call) => call.on("data", ({ ID }) => call.write({ header, ID, TTL: "10" })),
    },
    Watch: { Watch: (call) => call.on("data", () => call.write({ header, created: true })) },
  };
  const server = new Server();
  for (const [name, methods] of Object.entries(services)) server.addService(etcdserverpb[name].service, methods);
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    );
  });
};
