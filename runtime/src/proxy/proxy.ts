/** Proxies: a session's ways out, and the guard on addresses that users name. */
export { createEgress, type Egress, type GuardedWay } from './egress-guard.ts';
export { openWayOut, type WayOut } from './way-out.ts';
