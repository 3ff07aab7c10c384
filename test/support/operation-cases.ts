/** A case of success and one of failure for every operation of the nodes, named node.resource.operation. */
import { CHAT, CONTACT, GROUP, OPT_OUT, PROXY, RUNTIME, SESSION, WEBHOOK } from './control-cases.ts';
import type { OperationCase } from './operation-world.ts';
import { BULK, MESSAGE } from './send-cases.ts';

const named = (prefix: string, cases: Record<string, OperationCase>) =>
  Object.entries(cases).map(([operation, each]): [string, OperationCase] => [`${prefix}.${operation}`, each]);

export const OPERATION_CASES: Record<string, OperationCase> = Object.fromEntries([
  ...named('send.message', MESSAGE),
  ...named('send.bulk', BULK),
  ...named('control.chat', CHAT),
  ...named('control.contact', CONTACT),
  ...named('control.group', GROUP),
  ...named('control.optOut', OPT_OUT),
  ...named('control.proxy', PROXY),
  ...named('control.runtime', RUNTIME),
  ...named('control.session', SESSION),
  ...named('control.webhook', WEBHOOK),
]);
