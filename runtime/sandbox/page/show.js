// @ts-check
/** How the page shows things. Words from messages are only ever set as text, never as markup. */

/**
 * @typedef {object} Message
 * @property {string} messageId
 * @property {boolean} own whether the contact wrote it
 * @property {string} chat the account's number or the group's JID
 * @property {string} kind
 * @property {string} text
 * @property {string} from
 * @property {string} receivedAt
 * @property {{text: string}|null} quoted
 * @property {{emoji: string}[]} reactions
 * @property {boolean} edited
 * @property {boolean} deleted
 * @property {boolean} forwarded
 * @property {{title: string, body: string}|null} ad
 * @property {{question: string, options: {name: string, votes: number}[]}|null} poll
 * @property {{mimetype: string, fileName: string|null, bytes: number}|null} file
 * @property {{kind: string}[]} receipts
 */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node|string|null)} children
 * @returns {any}
 */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** What each list shows, by what it was made of. @type {WeakMap<Element, Map<string, Element>>} */
const shownIn = new WeakMap();

/**
 * Makes a list show its items. What has not changed stays as it is, so that nobody loses what they are about to press or play.
 * @template Item
 * @param {Element} list
 * @param {readonly Item[]} items each different from the others
 * @param {(item: Item) => Element} make
 * @param {string} [around] whatever else the elements are made of
 */
export function showList(list, items, make, around = '') {
  const before = shownIn.get(list) ?? new Map();
  const now = new Map(
    items.map((item) => {
      const madeOf = around + JSON.stringify(item);
      return [madeOf, before.get(madeOf) ?? make(item)];
    }),
  );
  shownIn.set(list, now);
  [...now.values()].forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
  while (list.children.length > now.size) list.lastElementChild?.remove();
}

/**
 * One message, as a bubble.
 * @param {Message} message
 * @param {string} phone whose phone shows it
 * @param {Record<string, (message: Message) => void>} actions what its buttons do, by their label
 */
export function bubble(message, phone, actions) {
  const { own, deleted, kind, quoted, reactions, edited, receipts, forwarded, ad, from, receivedAt } = message;
  const time = new Date(receivedAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const ticks = own ? tick(receipts) : '';
  return element(
    'li',
    { className: own ? 'mine' : 'theirs', id: `m-${message.messageId}` },
    own ? null : element('small', { className: 'from', textContent: `+${from}` }),
    forwarded ? element('small', { textContent: '↪ forwarded' }) : null,
    ad ? element('blockquote', { textContent: `${ad.title} ${ad.body}` }) : null,
    quoted ? element('blockquote', { textContent: quoted.text }) : null,
    ...(deleted ? [element('em', { textContent: 'This message was deleted' })] : body(message, phone)),
    element(
      'small',
      { className: 'about' },
      [kind === 'text' ? '' : kind, edited ? 'edited' : '', time, ticks].filter(Boolean).join(' · '),
    ),
    reactions.length > 0
      ? element('span', { className: 'reactions', textContent: reactions.map(({ emoji }) => emoji).join('') })
      : null,
    deleted ? null : buttons(message, actions),
  );
}

/** @param {{kind: string}[]} receipts */
function tick(receipts) {
  if (receipts.some(({ kind }) => kind === 'read' || kind === 'played')) return '✓✓ read';
  return receipts.length > 0 ? '✓✓' : '✓';
}

/**
 * @param {Message} message
 * @param {Record<string, (message: Message) => void>} actions
 */
const buttons = (message, actions) =>
  element(
    'span',
    { className: 'actions' },
    ...Object.entries(actions).map(([label, act]) =>
      element('button', { type: 'button', textContent: label, onclick: () => act(message) }),
    ),
  );

/**
 * @param {Message} message
 * @param {string} phone
 * @returns {(Node|null)[]}
 */
function body({ messageId, text, poll, file }, phone) {
  const words = text === '' ? null : element('p', { textContent: text });
  if (poll) {
    const options = poll.options.map(({ name, votes }) => element('li', { textContent: `${name}: ${votes}` }));
    return [element('p', { textContent: poll.question }), element('ul', {}, ...options)];
  }
  if (!file) return [words];
  const address = `contacts/${phone}/files/${messageId}`;
  return [attachment(file, address), words];
}

/**
 * @param {{mimetype: string, fileName: string|null, bytes: number}} file
 * @param {string} address
 */
function attachment({ mimetype, fileName, bytes }, address) {
  const [family] = mimetype.split('/');
  if (family === 'image') return element('img', { src: address, alt: fileName ?? 'image', loading: 'lazy' });
  if (family === 'video' || family === 'audio')
    return element(family, { src: address, controls: true, preload: 'none' });
  return element('a', {
    href: address,
    download: fileName ?? '',
    textContent: `${fileName ?? mimetype} (${bytes} bytes)`,
  });
}
