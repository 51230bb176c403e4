import t from "tap";
import { Validity } from "../lib/etcd/validity.js";
import { timingOf, validityOf } from "../lib/timing.js";

const TTL = 10_000;
const timing = timingOf({ ttl: TTL, clockDrift: 0.01 }, TTL);
const renewal = { sent: 1_000, ttl: TTL, raftTerm: "7" };

void t.test("before a renewal counts there is no validity, and nothing that could expire", (t) => {
  const validity = new Validity(timing);
  t.equal(validity.until, -Infinity);
  t.equal(validity.expiry, Infinity);
  t.equal(validity.reachOf(renewal), validityOf(timing, 1_000));
  t.equal(validity.until, -Infinity);
  t.end();
});

void t.test("a renewal counts from when it was sent; the end only ever comes nearer", (t) => {
  const validity = new Validity(timing);
  validity.count(renewal);
  t.equal(validity.until, validityOf(timing, 1_000));
  t.equal(validity.expiry, validity.until);
  validity.end(2_000);
  t.equal(validity.until, 2_000);
  validity.end(3_000);
  t.equal(validity.until, 2_000);
  validity.reset();
  t.equal(validity.expiry, Infinity);
  t.end();
});

void t.test("a TTL that etcd has shortened counts as it is", (t) => {
  const validity = new Validity(timing);
  validity.count({ ...renewal, ttl: TTL / 2 });
  t.equal(validity.until, validityOf({ ...timing, ttl: TTL / 2 }, 1_000));
  t.end();
});
