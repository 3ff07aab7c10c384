// @ts-check
/** What the page asks of the control server that serves it. */

/**
 * Asks for something. Throws the server's own sentence when it refuses.
 * @param {string} path
 * @param {object} [body] with one it is a POST
 * @returns {Promise<any>}
 */
export async function ask(path, body) {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(path, body === undefined ? {} : post);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/**
 * A file as the server takes it.
 * @param {File} file
 * @returns {Promise<string>} its bytes in base64
 */
export async function base64Of(file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(',') + 1);
}

/**
 * What the page hears of, by its name, and the line it writes of it.
 * @type {Record<string, (event: any) => string>}
 */
const LINES = {
  account: ({ phone }) => `account +${phone} is there`,
  contact: ({ name, phone }) => `${name} (+${phone}) is there`,
  group: ({ subject }) => `group ${subject} is what it is now`,
  linked: ({ phone }) => `a client was linked to +${phone}`,
  online: ({ phone }) => `+${phone} is online`,
  offline: ({ phone }) => `+${phone} is offline`,
  message: ({ contact, message }) => `+${contact} received ${words(message)}`,
  said: ({ contact, message }) => `+${contact} wrote ${words(message)}`,
  changed: ({ contact, message }) => `on the phone of +${contact} changed: ${words(message)}`,
  receipt: ({ contact, kind }) => `+${contact} learnt that its message was ${kind}`,
  presence: ({ phone, state }) => `+${phone} is ${state}`,
  call: ({ from, to, state }) => `a call from +${from} to +${to}: ${state}`,
  fault: ({ name, state, phone }) => `fault ${name} ${state}${phone ? ` for +${phone}` : ''}`,
};

/** @param {{kind: string, text: string}|null} message */
const words = (message) => (message ? `${message.kind} ${message.text}` : 'a message');

/**
 * Hears of everything that happens in the sandbox, from now until the page is closed.
 * @param {(name: string, event: any, line: string) => void} heard
 * @param {(connected: boolean) => void} changed whether the sandbox answers
 */
export function listen(heard, changed) {
  const source = new EventSource('events');
  source.onopen = () => changed(true);
  source.onerror = () => changed(false);
  for (const [name, line] of Object.entries(LINES)) {
    source.addEventListener(name, ({ data }) => {
      const event = JSON.parse(data);
      heard(name, event, line(event));
    });
  }
}
