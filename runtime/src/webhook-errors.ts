/** The errors of webhooks and of the addresses that users name; `errors.ts` has the others. */
export const WEBHOOK_ERRORS = {
  invalid_webhook_url: {
    status: 400,
    message: 'The webhook address is not a http or https URL.',
    hint: 'Write it in full, such as https://example.com/webhook.',
  },
  address_not_allowed: {
    status: 400,
    message: 'The address leads to a private or local network, which this runtime does not call.',
    hint: 'Use a public address, or have the operator add the host or network to OUTBOUND_ALLOW.',
  },
  invalid_header: {
    status: 400,
    message: 'A header of the webhook cannot be sent.',
    hint: "Choose another name; those that say how to read or check a delivery are the runtime's own.",
  },
  webhook_not_found: {
    status: 404,
    message: 'There is no webhook subscription with this id.',
    hint: 'List the subscriptions with GET /webhooks.',
  },
  event_not_found: {
    status: 404,
    message: 'There is no such event; events are kept for seven days.',
    hint: 'Begin without Last-Event-ID, or take the id from the list of deliveries.',
  },
  too_many_streams: {
    status: 429,
    message: 'As many event streams are open as may be at once.',
    hint: 'Close one that nobody reads, or subscribe a webhook.',
  },
} as const;
