export type { Clock } from "./clock.js";
export { systemClock } from "./clock.js";
export type { Campaign, Election, HeldLease as Lease, LeasedKey, LostReason, Term } from "./election.js";
export { ExitStatus } from "./exit-status.js";
export type { FailureCode } from "./failure.js";
export { Failure } from "./failure.js";
export type { OpenLease, SharedEtcd } from "./library/elections.js";
export { grantLease, openElection, shareEtcd } from "./library/elections.js";
export type {
  CandidacySettings,
  ElectionSettings,
  EtcdSettings,
  HealthSettings,
  HookSettings,
  LeaseSettings,
  SuperviseSettings,
} from "./library/settings.js";
export { superviseWhileLeading } from "./library/supervise.js";
export type { Fields, Level, Log, LogOptions } from "./log.js";
export { stderrLog } from "./log.js";
export type { Signal } from "./signals.js";
