import t from "tap";
import { parseEndpoints } from "../lib/endpoints.js";
import { Failure } from "../lib/failure.js";

const parse = (text: string, tls = false) => parseEndpoints(text, "--endpoints", tls);

await t.test("host and port, with or without a scheme and a slash at the end", (t) => {
  const same = [
    "10.0.0.5:2379",
    "http://10.0.0.5:2379",
    "http://10.0.0.5:2379/",
    "HTTP://10.0.0.5:2379",
    "10.0.0.5:2379/",
  ];
  for (const text of same) t.strictSame(parse(text), ["http://10.0.0.5:2379"], text);
  t.strictSame(parse("https://etcd.example:1"), ["https://etcd.example:1"]);
  t.strictSame(parse("HTTPS://etcd-0.etcd.svc_x:65535/"), ["https://etcd-0.etcd.svc_x:65535"]);
  t.end();
});

await t.test("no port is etcd's own", (t) => {
  for (const text of ["etcd", "http://etcd", "http://etcd/"]) t.strictSame(parse(text), ["http://etcd:2379"], text);
  t.strictSame(parse("https://etcd"), ["https://etcd:2379"], "not 443");
  t.end();
});

await t.test("no scheme is https if anything about TLS was given", (t) => {
  t.strictSame(parse("etcd:1", true), ["https://etcd:1"]);
  t.strictSame(parse("http://etcd:1", true), ["http://etcd:1"]);
  t.strictSame(parse("a,b:1", true), ["https://a:2379", "https://b:1"]);
  t.end();
});

await t.test("IPv6 addresses in brackets", (t) => {
  t.strictSame(parse("[::1]"), ["http://[::1]:2379"]);
  t.strictSame(parse("[::1]:1"), ["http://[::1]:1"]);
  t.strictSame(parse("https://[fe80::1:2]:1/"), ["https://[fe80::1:2]:1"]);
  t.strictSame(parse("[::ffff:10.0.0.5]:1"), ["http://[::ffff:10.0.0.5]:1"]);
  t.end();
});

await t.test("a list has commas, perhaps spaces, and no endpoint twice", (t) => {
  t.strictSame(parse("a:1,b:2"), ["http://a:1", "http://b:2"]);
  t.strictSame(parse(" a:1 ,\tb:2\n"), ["http://a:1", "http://b:2"]);
  t.strictSame(parse("b:2,a:1,b:2"), ["http://b:2", "http://a:1"]);
  t.strictSame(parse("a,http://a,a:2379,http://a:2379/"), ["http://a:2379"]);
  t.strictSame(parse("https://a,https://b/"), ["https://a:2379", "https://b:2379"]);
  t.end();
});

await t.test("anything else is refused with the option and the part that is wrong", (t) => {
  const wrong = ["", ":", ":2379", "a:", "a:b", "a:0", "a:65536", "a:123456", "a b", "a;b", "a/b", "a//", "a?x", "a#x"];
  const more = [
    "[",
    "[]",
    "[::1",
    "::1",
    "[::g]",
    "[a]:1",
    "ftp://a",
    "unix:///a",
    "unixs://a",
    "http:",
    "http://",
    "http:/a",
  ];
  const texts = [...wrong, ...more, "http://a@b", "http://http://a", "é"];
  for (const text of texts) {
    t.throws(() => parse(text), { code: "usage", status: 64 }, text);
    t.throws(() => parse(text), Failure);
    t.throws(() => parse(`a:1,${text},b:2`), { message: /^--endpoints ".*": / }, `in a list: ${text}`);
  }
  t.end();
});

await t.test("http and https cannot be mixed", (t) => {
  t.throws(() => parse("http://a,https://b"), { message: /^--endpoints "http:\/\/a,https:\/\/b": http and https/ });
  t.throws(() => parse("a,https://b"), { code: "usage" });
  t.throws(() => parse("a,http://b", true), { code: "usage" });
  t.end();
});
