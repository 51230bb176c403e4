import { ms, unchecked, violation, type Finding } from "./finding.js";
import type { History, Instance, LogLine } from "./history.js";
import { faultsDuring, hasHoles, tellsValidity, termsOf, type Term } from "./terms.js";

/** `--clock-drift`, whose default no candidate changes. */
const DRIFT = 0.01;
const ROUNDING = 2;
/** The links hear a request when the rig gets to run; links that are slowed down make more of a difference than that. */
const HEARD_LATE = 20;
/** Between the look at the clock and the line in the log others may have had the CPU. */
const LOG_DELAY = 250;

/** A renewal makes a lease valid for its TTL from the send on, less the drift, and no longer. */
export function validityWithinLease(history: History): Finding[] {
  if (history.mode === "lock") return [unchecked("etcdctl lock logs no renewals")];
  return history.instances.flatMap((instance) => {
    let ttl = Infinity;
    const found: Finding[] = [];
    for (const line of instance.log) {
      if (line.event === "granted") ttl = Number(line.ttl);
      if (tellsValidity(line)) found.push(...judgeRenewal(history, instance, line, ttl));
    }
    return found;
  });
}

/**
 * The log does not tell when a keepalive was sent, but its validity does: TTL and drift before its end. From then to the line in
 * the log two requests went to etcd, the keepalive and the read that confirms it, and the links have heard both. What else they
 * heard in that time lies between, so the last two are no further apart than the time that the renewal takes for its own.
 */
function judgeRenewal(history: History, { who, candidate }: Instance, line: LogLine, ttl: number): Finding[] {
  const left = Number(line.left);
  const since = ttl * (1 - DRIFT) - left;
  if (since < -ROUNDING) return [violation(`${who}: ${ms(left)} left of a lease of ${ms(ttl)}`)];
  if (ttl === Infinity) return [];
  const heard = history.sent[candidate]?.filter((at) => at <= line.at + 1) ?? [];
  const [first, second] = [heard.at(-2) ?? -Infinity, heard.at(-1) ?? -Infinity];
  const sentBy = line.at - since - LOG_DELAY;
  if (second - first <= since + ROUNDING + HEARD_LATE && first >= sentBy) return [];
  const late = faultsDuring(history, sentBy, line.at).some(
    (fault) => fault.kind === "starve-cpus" || (fault.kind === "stop-wrapper" && fault.hit.includes(who)),
  );
  const told = `${who}: a renewal counts from ${ms(since)} before its end; the last requests were ${ms(line.at - first)} and ${ms(line.at - second)} before`;
  return [late ? unchecked(`${told} (its line may be late)`) : violation(told)];
}

/**
 * Every term ends with a logged reason, and that is logged once: lost, asked to stop, a bug, the command's own end, or by the guard
 * that its wrapper is gone. A term that is lost while it stops for another reason tells of both.
 */
export function oneReasonPerTerm(history: History): Finding[] {
  if (history.mode === "lock") return [unchecked("etcdctl lock logs no reasons")];
  return termsOf(history).flatMap((term) => {
    const reasons = reasonsOf(term);
    const twice = reasons.filter((reason, index) => reasons.indexOf(reason) !== index);
    const { token, instance } = term;
    if (reasons.length > 0 && twice.length === 0) return [];
    if (hasHoles(history, instance))
      return [unchecked(`the reason of token ${token}: the log of ${instance.who} has holes`)];
    return [
      violation(
        reasons.length === 0
          ? `token ${token}: ${instance.who} (${instance.end}) logged no reason for its end`
          : `token ${token}: ${instance.who} logged ${twice.join(", ")} twice`,
      ),
    ];
  });
}

function reasonsOf({ lines }: Term): string[] {
  const reasons: string[] = [];
  for (const { event, cause } of lines) {
    if (event === "lost" || event === "orphaned" || event === "failed") reasons.push(event);
    // With the reason of a lost term, `stopping` says no more than `lost` did.
    if (event === "stopping" && /^SIG|bug/.test(String(cause))) reasons.push("stopping");
    if (event === "exited" && reasons.length === 0) reasons.push("exited");
  }
  return reasons;
}

/** The exit status of a bug in while-leader. */
const BUG = 70;

/** Nothing is logged that a user would report. */
export function noBugs(history: History): Finding[] {
  if (history.mode === "lock") return [];
  return history.instances.flatMap((instance) => [
    ...bugsIn(instance),
    ...(instance.strange.length === 0 || hasHoles(history, instance)
      ? []
      : [
          violation(
            `${instance.who} wrote ${instance.strange.length} lines that are no log: ${instance.strange.join(" | ")}`,
          ),
        ]),
  ]);
}

function bugsIn({ who, log, end }: Instance): Finding[] {
  // Asked to end before Node has come to the wrapper's first line, it just ends (docs/limits.md, What JavaScript cannot do).
  const tooEarly = end === "SIGTERM" && log.length === 0;
  const known = end === "SIGKILL" || tooEarly || (typeof end === "number" && end !== BUG);
  return [
    ...log
      .filter(({ event }) => event === "bug" || event === "failed")
      .map(({ event, error }) => violation(`${who}: ${event}: ${String(error)}`)),
    ...(known ? [] : [violation(`${who} ended with ${end}`)]),
  ];
}
