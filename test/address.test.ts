import t from "tap";
import { fromHere, parseAddress, shownAddress } from "../lib/address.js";

await t.test("a host and a port, an address and a port, or a port alone", async (t) => {
  t.same(parseAddress(":8080"), { host: undefined, port: 8080 });
  t.same(parseAddress("0.0.0.0:8080"), { host: "0.0.0.0", port: 8080 });
  t.same(parseAddress("[::1]:8080"), { host: "::1", port: 8080 });
  t.same(parseAddress("localhost:0"), { host: "localhost", port: 0 });
  t.same(parseAddress("a-b.example:65535"), { host: "a-b.example", port: 65_535 });
});

await t.test("nothing else", async (t) => {
  const wrong = [
    "",
    "8080",
    ":",
    "a:",
    "::1:80",
    "[::1]",
    "[::g]:80",
    "[1:2]:80",
    ":65536",
    ":-1",
    ":8o",
    "a b:80",
    "http://a:80",
  ];
  for (const text of [...wrong, "a:80/", "u:p@a:80", "a:80,b:80", "[]:80", ":123456", "1.2.3.4.5:80"])
    t.equal(parseAddress(text), undefined, text);
});

await t.test("it is shown as it was written", async (t) => {
  for (const text of [":80", "a:80", "1.2.3.4:0", "[::1]:80"])
    t.equal(shownAddress(parseAddress(text) ?? { host: "none", port: 0 }), text);
});

await t.test("who listens everywhere is asked on the loopback", async (t) => {
  const asked = [":80", "0.0.0.0:80", "[::]:80", "10.0.0.1:80", "localhost:80"].map((text) =>
    shownAddress(fromHere(parseAddress(text) ?? { host: "none", port: 0 })),
  );
  t.same(asked, ["127.0.0.1:80", "127.0.0.1:80", "[::1]:80", "10.0.0.1:80", "localhost:80"]);
});
