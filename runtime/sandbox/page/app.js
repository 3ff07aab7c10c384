// @ts-check
/** The sandbox's page: write as a contact, see what its phone shows, link accounts, make things go wrong. */
import { ask, base64Of, listen } from './server.js';
import { bubble, element, showList } from './show.js';

/** @typedef {import('./show.js').Message} Message */

const LOG_LINES = 100;
/** Kinds of messages that only do something to another one. */
const CHANGES = ['reaction', 'edit', 'deletion', 'vote'];

const state = {
  /** Whose phone is shown. */
  phone: '',
  /** With whom: an account's number or a group's JID. */
  chat: '',
  /** @type {Message|null} */
  answering: null,
  /** How many messages of each contact have been looked at. @type {Map<string, number>} */
  seen: new Map(),
  /** What accounts show of themselves, by the contact or the group they show it to. @type {Map<string, {phone: string, state: string}>} */
  typing: new Map(),
  /** The numbers of contacts by their addresses. @type {Map<string, string>} */
  numbers: new Map(),
};

/** @param {string} id */
const at = (id) => /** @type {any} */ (document.getElementById(id));

/** Says what went wrong until something else is tried; nothing when it went well. @param {string} [sentence] */
function complain(sentence) {
  at('trouble').textContent = sentence ?? '';
  at('trouble').hidden = sentence === undefined;
}

/** Does what a person asked for, and says so when it is refused. @param {() => Promise<unknown>} work */
async function trying(work) {
  try {
    await work();
    complain();
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
  }
}

let refreshing = false;
let again = false;

/** Shows everything anew; asked for while it is at it, once more afterwards. */
async function refresh() {
  again = true;
  if (refreshing) return;
  refreshing = true;
  while (again) {
    again = false;
    await show().catch((error) => complain(String(error)));
  }
  refreshing = false;
}

async function show() {
  const [{ accounts, contacts }, { active }] = await Promise.all([ask('state'), ask('faults')]);
  if (!state.phone && contacts.length > 0) state.phone = contacts[0].phone;
  state.numbers = new Map(
    contacts.flatMap((/** @type {any} */ { jid, lid, phone }) => [
      [jid, phone],
      [lid, phone],
    ]),
  );
  showList(at('accounts'), accounts, account);
  if (accounts.length === 0) at('link').open = true;
  for (const { phone, messages } of contacts) if (phone === state.phone) state.seen.set(phone, messages);
  showList(at('people'), contacts.map(unseen), person);
  showList(at('faults'), active, lasting);
  if (state.phone) await showPhone(accounts.map((/** @type {any} */ { phone }) => phone));
}

/** @param {{phone: string, online: boolean}} account */
function account({ phone, online }) {
  const word = online ? 'online' : 'offline';
  return element('li', { className: word, textContent: `+${phone}`, title: word });
}

/** @param {{phone: string, name: string, messages: number}} contact */
const unseen = ({ phone, name, messages }) => ({
  ...{ phone, name, chosen: phone === state.phone },
  unseen: messages - (state.seen.get(phone) ?? 0),
});

/** @param {ReturnType<typeof unseen>} contact */
function person({ phone, name, chosen, unseen: count }) {
  const choose = () => {
    Object.assign(state, { phone, chat: '', answering: null });
    void refresh();
  };
  const button = element('button', { onclick: choose }, name, ' ', element('small', { textContent: `+${phone}` }));
  button.setAttribute('aria-selected', String(chosen));
  if (count > 0) button.append(element('span', { className: 'new', textContent: String(count) }));
  return element('li', {}, button);
}

/** @param {{id: string, name: string, phone: string|null}} fault */
const lasting = ({ id, name, phone }) =>
  element(
    'li',
    {},
    phone ? `${name} for +${phone}` : name,
    element('button', { textContent: 'Stop', onclick: () => trying(() => ask(`faults/${id}/stop`, {})).then(refresh) }),
  );

/** @param {string[]} accounts */
async function showPhone(accounts) {
  const [{ groups }, { screen }] = await Promise.all([ask('groups'), ask(`contacts/${state.phone}/screen?own=true`)]);
  const chats = [
    ...accounts.map((phone) => ({ chat: phone, name: `+${phone}` })),
    ...groups
      .filter((/** @type {any} */ { members }) => members.some((/** @type {any} */ { phone }) => phone === state.phone))
      .map((/** @type {any} */ { jid, subject }) => ({ chat: jid, name: subject })),
  ];
  if (!chats.some(({ chat }) => chat === state.chat)) state.chat = chats[0]?.chat ?? '';
  const tabs = chats.map(({ chat, name }) => ({ chat, name, chosen: chat === state.chat }));
  showList(at('chats'), tabs, tab);
  const list = at('messages');
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  // A reaction, an edit or a vote shows on the message it is about.
  const shown = screen.filter(
    (/** @type {Message} */ { chat, kind }) => chat === state.chat && !CHANGES.includes(kind),
  );
  showList(list, shown, (message) => bubble(message, state.phone, actionsOn(message)), state.phone);
  if (atEnd) list.scrollTop = list.scrollHeight;
  at('typing').textContent = doing(
    state.chat.endsWith('@g.us') ? state.typing.get(state.chat) : state.typing.get(state.phone),
  );
  at('answering').hidden = state.answering === null;
  at('answering').firstChild.textContent = `Answering: ${state.answering?.text || state.answering?.kind}`;
  for (const control of at('composer').elements) control.disabled = !state.chat;
  at('composer').elements.text.placeholder = state.chat
    ? 'Write a message'
    : 'Link an account first: there is nobody to write to';
}

/** @param {{phone: string, state: string}|undefined} shown */
function doing(shown) {
  const here = shown && (state.chat.endsWith('@g.us') || shown.phone === state.chat);
  return here && ['composing', 'recording'].includes(shown.state) ? `+${shown.phone} is ${shown.state}…` : '';
}

/** @param {{chat: string, name: string, chosen: boolean}} chat */
function tab({ chat, name, chosen }) {
  const choose = () => {
    Object.assign(state, { chat, answering: null });
    void refresh();
  };
  const button = element('button', { type: 'button', role: 'tab', textContent: name, onclick: choose });
  button.setAttribute('aria-selected', String(chosen));
  return button;
}

/** What can be done to a message. @param {Message} message */
function actionsOn({ own, poll }) {
  /** @type {(verb: string, given: (message: Message) => object|null) => (message: Message) => void} */
  const act = (verb, given) => (message) => {
    const body = given(message);
    if (body)
      void trying(() => ask(`contacts/${state.phone}/${verb}`, { messageId: message.messageId, ...body })).then(
        refresh,
      );
  };
  const edited = (/** @type {Message} */ { text }) => {
    const words = prompt('What should it say?', text);
    return words ? { text: words } : null;
  };
  const choice = (/** @type {Message} */ message) => {
    const options = message.poll?.options.map(({ name }) => name) ?? [];
    const chosen = prompt(`Vote for one of: ${options.join(', ')}`, options[0]);
    return chosen === null ? null : { options: [chosen] };
  };
  return {
    Answer: (/** @type {Message} */ message) => {
      state.answering = message;
      void refresh();
    },
    '👍': act('react', () => ({ emoji: '👍' })),
    ...(own && { Edit: act('edit', edited), Delete: act('delete', () => ({})) }),
    ...(!own && { Read: act('read', () => ({})) }),
    ...(poll && { Vote: act('vote', choice) }),
  };
}

/** @param {HTMLFormElement} form */
async function send(form) {
  const text = /** @type {any} */ (form.elements).text.value;
  const [file] = /** @type {any} */ (form.elements).file.files;
  if (!text && !file) return;
  const quoted = state.answering ? { quoted: state.answering.messageId } : {};
  const content = file ? await contentOf(file, text) : { kind: 'text', text };
  await ask(`contacts/${state.phone}/send`, { to: state.chat, content, ...quoted });
  form.reset();
  state.answering = null;
}

/**
 * @param {File} file
 * @param {string} caption
 */
async function contentOf(file, caption) {
  const family = file.type.split('/')[0] ?? '';
  const kind = ['image', 'video', 'audio'].includes(family) ? family : 'document';
  return {
    kind,
    data: await base64Of(file),
    ...(file.type && { mimetype: file.type }),
    ...(kind === 'document' && { fileName: file.name }),
    ...(caption && kind !== 'audio' && { caption }),
  };
}

/** Runs what a form is for when it is sent. @param {string} id @param {(values: any, form: HTMLFormElement) => Promise<unknown>} work */
function onSubmit(id, work) {
  at(id).addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    void trying(() => work(Object.fromEntries(new FormData(form)), form)).then(refresh);
  });
}

/** @param {string} name @param {any} event @param {string} line */
function hear(name, event, line) {
  if (name === 'message') state.typing.delete(event.contact);
  if (name === 'presence' && event.to) state.typing.set(state.numbers.get(event.to) ?? event.to, event);
  at('log').prepend(element('li', { textContent: `${new Date().toLocaleTimeString()} ${line}` }));
  while (at('log').children.length > LOG_LINES) at('log').lastChild.remove();
  void refresh();
}

/** @param {boolean} connected */
function connection(connected) {
  complain(connected ? undefined : 'The sandbox does not answer. Is it still running?');
  if (connected) void refresh();
}

async function listFaults() {
  const { faults } = await ask('faults');
  const select = at('fault-form').elements.name;
  select.replaceChildren(
    ...faults.map((/** @type {any} */ { name }) => element('option', { value: name, textContent: name })),
  );
  const about = () => {
    at('fault-about').textContent = faults.find((/** @type {any} */ { name }) => name === select.value)?.sentence ?? '';
  };
  select.addEventListener('change', about);
  about();
}

onSubmit('composer', (_values, form) => send(form));
onSubmit('contact-form', (values, form) => ask('contacts', values).then(() => form.reset()));
onSubmit('fault-form', (values) => ask('faults', values));
onSubmit('link-form', async ({ phone, code }) => {
  const typed = code.replace(/[\s-]/g, '');
  await (typed.length === 8
    ? ask(`accounts/${phone}/code`, { code: typed.toUpperCase() })
    : ask(`accounts/${phone}/scan`, { qr: code.trim() }));
  at('link').open = false;
  at('link-form').elements.code.value = '';
});
at('answering')
  .querySelector('button')
  .addEventListener('click', () => {
    state.answering = null;
    void refresh();
  });

await trying(listFaults);
listen(hear, connection);
