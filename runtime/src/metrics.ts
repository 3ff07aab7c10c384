/**
 * Every metric, declared once. A message is counted each time it changes hands, so that a loss would show as numbers
 * that do not add up. Labels never hold a JID or a session id.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name: `whatsapp_${name}_total`, help, labelNames, registers });
  return {
    registry,
    sessions: new Gauge({ name: 'whatsapp_sessions', help: 'Sessions by status.', labelNames: ['status'], registers }),
    accepted: counter('messages_accepted', 'Messages accepted into an outbox.'),
    written: counter('messages_written', 'Times a message was written to a socket, resends included.'),
    acked: counter('messages_acked', 'Messages WhatsApp acknowledged.'),
    failed: counter('messages_failed', 'Messages given up, by what refused them.', ['by']),
    received: counter('messages_received', 'Messages received from WhatsApp, repeats included.'),
    repeated: counter('messages_repeated', 'Received messages that had been accepted before.'),
    undecryptable: counter('messages_undecryptable', 'Received messages that could not be decrypted.'),
    events: counter('events_published', 'Events made durable, by name.', ['event']),
    deliveries: counter('webhook_deliveries', 'Webhook delivery attempts by outcome.', ['outcome']),
    reconnects: counter('reconnects', 'Reconnections by the reason of the break.', ['reason']),
    pingSeconds: new Histogram({
      name: 'whatsapp_ping_seconds',
      help: 'Round trip of a ping to WhatsApp.',
      buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    eventLoopStall: new Gauge({
      name: 'whatsapp_event_loop_stall_seconds',
      help: 'The longest the event loop stood still between two looks of the watchdog.',
      registers,
    }),
    remedies: counter('watchdog_remedies', 'What the watchdog did, by verdict or remedy.', ['verdict']),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
