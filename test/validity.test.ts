import t from "tap";
import { Validity } from "../lib/etcd/validity.js";
import { timingOf, validityOf } from "../lib/timing.js";

const TTL = 10_000;
const timing = timingOf({ ttl: TTL, clockDrift: 0.01 }, TTL);
const renewal = (sent: number, raftTerm: string) => ({ sent, ttl: TTL, raftTerm });

void t.test("before a renewal counts there is no validity, and nothing that could expire", (t) => {
  const validity = new Validity(timing);
  t.equal(validity.until, -Infinity);
  t.equal(validity.expiry, Infinity);
  validity.note(renewal(1_000, "7"));
  t.equal(validity.until, -Infinity);
  t.end();
});

void t.test("a renewal counts from when it was sent, once a read in its raft term has proven it", (t) => {
  const validity = new Validity(timing);
  validity.note(renewal(1_000, "7"));
  t.ok(validity.isOf("7"));
  t.notOk(validity.isOf("8"));
  t.ok(validity.prove("7", -Infinity));
  t.equal(validity.until, validityOf(timing, 1_000));
  t.equal(validity.expiry, validity.until);
  t.notOk(validity.prove("7", -Infinity), "it is no newest one any more");
  t.end();
});

void t.test("one of another raft term never counts, and neither does one that reaches less far than it must", (t) => {
  const validity = new Validity(timing);
  validity.note(renewal(1_000, "7"));
  t.notOk(validity.prove("8", -Infinity));
  t.notOk(validity.prove("7", -Infinity), "it was given up");
  validity.note(renewal(1_000, "7"));
  t.notOk(validity.prove("7", validityOf(timing, 1_001)));
  validity.note(renewal(1_000, "7"));
  validity.note(undefined);
  t.notOk(validity.prove("7", -Infinity));
  t.equal(validity.until, -Infinity);
  t.end();
});

void t.test("a TTL that etcd has shortened counts as it is; the end only ever comes nearer", (t) => {
  const validity = new Validity(timing);
  validity.count({ sent: 1_000, ttl: TTL / 2, raftTerm: "7" });
  t.equal(validity.until, validityOf({ ...timing, ttl: TTL / 2 }, 1_000));
  validity.end(2_000);
  t.equal(validity.until, 2_000);
  validity.end(3_000);
  t.equal(validity.until, 2_000);
  validity.reset();
  t.equal(validity.expiry, Infinity);
  t.end();
});
