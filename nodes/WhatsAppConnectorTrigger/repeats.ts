/**
 * Which events this n8n has started an execution for, so that one delivered again starts no second. Kept in memory only: n8n
 * loses what a trigger writes into its static data while it takes a delivery. So a restart forgets it, and an event may start twice
 * rather than never.
 */
import type { IWebhookFunctions } from 'n8n-workflow';

const MOST_EVENTS = 1_000;
const MOST_TRIGGERS = 200;

/** By trigger, oldest first. */
const started = new Map<string, Set<string>>();

const triggerOf = (context: IWebhookFunctions) =>
  `${context.getWorkflow().id}/${context.getNode().id}/${context.getMode()}`;

export const isRepeat = (context: IWebhookFunctions, eventId: string): boolean =>
  started.get(triggerOf(context))?.has(eventId) === true;

/** To be told when nothing can keep the execution from starting any more. */
export function remember(context: IWebhookFunctions, eventId: string): void {
  const trigger = triggerOf(context);
  const events = started.get(trigger) ?? new Set();
  started.delete(trigger);
  started.set(trigger, events.add(eventId));
  dropOldest(events, MOST_EVENTS);
  dropOldest(started, MOST_TRIGGERS);
}

function dropOldest(all: { size: number; keys(): Iterator<string>; delete(key: string): unknown }, most: number): void {
  const oldest = all.keys().next();
  if (all.size > most && !oldest.done) all.delete(oldest.value);
}
