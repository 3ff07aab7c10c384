/**
 * What to do about what the runtime refuses, in the words of these nodes. The runtime's own hints are for who calls its API:
 * where one names an address, a header or a field of it, it has a row here.
 */
const ADVICE: Record<string, string> = {
  body_too_large: 'Send less at once, or have the operator of the runtime raise BODY_LIMIT.',
  bulk_not_found: 'Use the "bulkId" that "Send Bulk" gave, with the same session. Bulks are kept for seven days.',
  contact_not_found: 'Choose the chat from the list, or enter a phone number with its country code.',
  event_not_found: 'Use the "eventId" of an item that came from the trigger, or one that "Get Many Deliveries" gave.',
  file_not_fetched: 'Open the address without logging in: it must give the file itself. What happened:',
  file_not_usable: 'Send it as what it is, or as a document. What was found:',
  group_not_found: 'Choose the group from the list: it shows those the account is in.',
  idempotency_conflict: 'Leave "Idempotency Key" empty, or use a new one for each message.',
  invalid_cursor: 'Run the node again: the list has changed in between.',
  invalid_file_url: 'Write the URL in full, such as https://example.com/picture.jpg.',
  invalid_json: 'Update the runtime and this package to versions that belong together.',
  invalid_recipient:
    'Enter the number with its country code, such as +1 555 010 0000, or use "jid" of the "chat" the trigger gave.',
  invalid_request: 'Correct in the node:',
  invalid_session_id: 'Choose another Session ID, or leave it empty to have one made up.',
  look_ups_used_up: 'Wait before looking up more people: accounts that look up many are soon restricted.',
  media_not_found: 'Files can be had within 14 days of their message.',
  media_unavailable: 'Try again in a minute. If it stays, see whether the session and its proxy work. What happened:',
  message_already_sent: 'Use the operation "Delete" of Send Message to delete it for everyone.',
  message_not_found: 'Use the "messageId" that sending or the trigger gave, with the same session.',
  not_found: 'Update the runtime: it does not know this operation yet.',
  pairing_not_ready:
    'Use "Wait for Status" of Session Control until the session shows its QR code; if it is at rest, use "Reconnect" first.',
  proxy_not_found: 'Use a "proxyId" that "Get Many" of the proxies gave.',
  proxy_pool_empty:
    'Add a proxy with "Create", of the region if you chose one, or choose a proxy of its own for the session.',
  qr_not_available:
    'See its status with "Get Status": a connected session needs no code; otherwise use "Reconnect", then ask again.',
  session_exists: 'Use that session, delete it first, or choose another Session ID.',
  session_moving: 'Run the node again in a few seconds. With an "Idempotency Key" nothing is sent twice.',
  session_not_connected: 'See why with "Get Status" of Session Control, and try again when it is connected.',
  session_not_found: 'Choose the session from the list, or make one with the operation "Create" of Session Control.',
  session_not_linked: 'Link it first: use "Link" of Session Control and scan the code with the phone.',
  already_linked: 'Use "Log Out" first to link it to another account, or "Create" another session.',
  opted_out: 'Leave them alone. When they have changed their mind, use "Remove" of the opt-outs in Session Control.',
  cold_list:
    'A bulk is for people who know the account: leave the strangers out, or write to them one by one when they expect it.',
  daily_limit: 'Wait, or raise "Daily Limit" with "Update" of Session Control.',
  duplicate_message: 'Change the text, or wait.',
  store_unavailable:
    'Run the node again in a few seconds; with an "Idempotency Key" nothing is sent twice. If it stays, the operator is to see that Redis runs and has memory left.',
  unauthorized: 'Check the API key in the credential.',
  unsupported_media_type: 'Update the runtime and this package to versions that belong together.',
  webhook_not_found:
    'Choose the webhook from the list. That of a trigger comes back when its workflow is published again.',
  no_answer: 'See with "Get Status" of Session Control whether the session is connected, and try again when it is.',
};

/** The advice shown below an error: ours, or the runtime's where that is meant for everybody. */
export const adviceOn = (code: string, hint = ''): string => ADVICE[code] ?? hint;
