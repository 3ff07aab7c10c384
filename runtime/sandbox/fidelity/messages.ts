/** Fidelity of messages and files, both ways. */
import type { FidelityRow } from './row.ts';

export const MESSAGES: readonly FidelityRow[] = [
  {
    what: 'Texts, acknowledged, delivered and read',
    verdict: 'faithful',
    how: 'End-to-end encrypted for every device; the ack, the delivery receipt and the read receipt are apart.',
    test: {
      file: 'sandbox/messages.test.ts',
      name: 'a linked client a text to a number is acknowledged, decrypted by the contact, delivered and read',
    },
    methods: ['sendMessage'],
  },
  {
    what: 'Every kind of content the client can make',
    verdict: 'faithful',
    how: "Each is on the contact's screen, and does there what it does to another message.",
    test: { file: 'sandbox/public-api-contents.test.ts', name: 'the client sends %s' },
    methods: ['relayMessage'],
  },
  {
    what: 'Answering events, lists, buttons, products and requests for the number',
    verdict: 'absent',
    how: 'A contact is shown these by their kind and words, and cannot act on them.',
    untested: 'Nothing comes to the client, as from a person who does nothing.',
  },
  {
    what: 'Read receipts of the client',
    verdict: 'faithful',
    how: 'The contact learns of delivery at once and of reading when the client says so.',
    test: {
      file: 'sandbox/messages.test.ts',
      name: 'a linked client a contact learns that its message was delivered and, when the client says so, read',
    },
    methods: ['readMessages'],
  },
  {
    what: 'Receipts by hand',
    verdict: 'faithful',
    how: 'For one message or for many.',
    test: {
      file: 'sandbox/public-api.test.ts',
      name: 'what a contact wrote is confirmed by hand, one and several',
    },
    methods: ['sendReceipt', 'sendReceipts'],
  },
  {
    what: 'The same message id sent twice',
    verdict: 'faithful',
    how: 'Both are acknowledged and delivered, and the phone shows one.',
    test: {
      file: 'sandbox/messages.test.ts',
      name: 'a linked client the same id sent twice is acknowledged twice, arrives twice and is shown once',
    },
  },
  {
    what: 'Reactions, edits and deletions',
    verdict: 'simplified',
    how: 'Shown on the screen as phones do; there is no time after which an edit or a deletion comes too late.',
    test: {
      file: 'sandbox/interactions.test.ts',
      name: 'between a contact and the client, %s the client reacts, edits and deletes, and the contact sees it',
    },
  },
  {
    what: 'Polls and votes',
    verdict: 'faithful',
    how: 'Votes are encrypted with the secret of the poll, both ways, and counted on the screen.',
    test: {
      file: 'sandbox/interactions.test.ts',
      name: "between a contact and the client, %s a contact votes in the client's poll, which the client decrypts and counts",
    },
  },
  {
    what: 'Places, cards, mentions, link previews, forwards and leads from ads',
    verdict: 'faithful',
    how: 'A contact makes the same protobuf as a phone would.',
    test: { file: 'sandbox/interactions.test.ts', name: 'what a contact makes of it arrives: %s' },
  },
  {
    what: 'Disappearing messages',
    verdict: 'simplified',
    how: 'The setting reaches the other side and later messages carry it; nothing goes from the screen by itself.',
    test: {
      file: 'sandbox/interactions.test.ts',
      name: 'messages disappear when either side says so, and later ones carry for how long',
    },
  },
  {
    what: 'Messages that come without content (unavailable)',
    verdict: 'simplified',
    how: 'As some leads from ads do: the client asks its phone; here they come so when they are sent so, at WhatsApp unasked.',
    test: {
      file: 'sandbox/withheld.test.ts',
      name: 'a lead that only the phone can read comes without content, and with it once the phone was asked',
    },
  },
  {
    what: 'What is to be seen once',
    verdict: 'simplified',
    how: 'It comes with its file, or when sent so, as word of it only; WhatsApp decides that by itself.',
    test: { file: 'sandbox/withheld.test.ts', name: 'what is to be seen once the phone keeps to itself' },
  },
  {
    what: 'Files a contact sends: images, videos, audio, documents, stickers',
    verdict: 'faithful',
    how: 'Encrypted by code of the sandbox, served by its own HTTPS host, the same to the byte.',
    test: {
      file: 'sandbox/media-files.test.ts',
      name: 'a file a contact sends reaches the client byte for byte: %s',
    },
  },
  {
    what: 'Files the client sends',
    verdict: 'faithful',
    how: 'Uploaded to the host, decrypted and checked at the contact, the same to the byte.',
    test: {
      file: 'sandbox/media-files.test.ts',
      name: "a file the client sends is on the contact's screen byte for byte: %s",
    },
  },
  {
    what: 'Uploads by hand',
    verdict: 'faithful',
    how: 'To the host the server names, with its authorization.',
    test: {
      file: 'sandbox/public-api.test.ts',
      name: 'a file is uploaded by hand to the host the server names',
    },
    methods: ['waUploadToServer', 'refreshMediaConn', 'getMediaHost'],
  },
  {
    what: 'The media host: ranges, refusals, half answers, being down',
    verdict: 'simplified',
    how: 'One host with one address; WhatsApp names several, with fallbacks, and files there expire by themselves.',
    test: {
      file: 'sandbox/media.test.ts',
      name: 'the media host gives half of a file, another byte, a late answer or none',
    },
  },
  {
    what: 'A file that is gone is asked for again',
    verdict: 'faithful',
    how: 'The phone uploads it anew, or says that it no longer has it.',
    test: {
      file: 'sandbox/media-retry.test.ts',
      name: 'a linked client that finds media gone asks the phone for it and learns where it is now',
    },
    methods: ['updateMediaMessage'],
  },
];
