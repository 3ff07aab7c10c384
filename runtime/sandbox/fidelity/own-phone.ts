/** Fidelity of the account's own phone: what its owner does there, history, app state. */
import type { FidelityRow } from './row.ts';

export const OWN_PHONE: readonly FidelityRow[] = [
  {
    what: 'What the owner writes and reads on the phone',
    verdict: 'faithful',
    how: 'Reaches the clients as copies; what is read on one device is read on all.',
    test: {
      file: 'sandbox/own-phone.test.ts',
      name: 'what the owner does on the phone a text written there reaches the contact, and as a copy every client (%s)',
    },
  },
  {
    what: 'History after linking, and more of it on demand',
    verdict: 'simplified',
    how: 'The newest hundred messages of each chat in one or several parts; a phone sends more, over minutes.',
    test: { file: 'sandbox/history.test.ts', name: 'what is older is sent when the client asks for it' },
    methods: ['fetchMessageHistory'],
  },
  {
    what: 'Histories and app-state snapshots as files',
    verdict: 'faithful',
    how: 'On the media host, encrypted as files are.',
    test: {
      file: 'sandbox/external-blobs.test.ts',
      name: 'histories after the first are files the client fetches from the media host',
    },
  },
  {
    what: 'App state the owner changes: chats, stars, labels, names',
    verdict: 'faithful',
    how: 'Encrypted patches with hashes and MACs, checked by a client that verifies them.',
    test: {
      file: 'sandbox/app-state.test.ts',
      name: 'what the owner changes on the phone a chat that is %s is so at the client',
    },
  },
  {
    what: 'App state a client changes',
    verdict: 'faithful',
    how: 'Checked and decrypted by the phone, passed to the other clients; conflicts are answered with what is missing.',
    test: {
      file: 'sandbox/app-state.test.ts',
      name: 'what a client changes is decrypted by the phone and reaches the other client',
    },
    methods: ['chatModify'],
  },
  {
    what: 'Contacts, labels, stars, quick replies and the rest of app state, by its methods',
    verdict: 'faithful',
    how: 'The phone has what each of them says, and the other client shows it where it shows such things.',
    test: {
      file: 'sandbox/public-api-app-state.test.ts',
      name: 'the phone learns of %s, and so does the other client if it shows such a thing',
    },
    methods: [
      'appPatch',
      'addOrEditContact',
      'removeContact',
      'addLabel',
      'addChatLabel',
      'removeChatLabel',
      'addMessageLabel',
      'removeMessageLabel',
      'star',
      'addOrEditQuickReply',
      'removeQuickReply',
      'updateDisableLinkPreviewsPrivacy',
      'updateProfileName',
    ],
  },
  {
    what: 'App state asked for again',
    verdict: 'faithful',
    how: 'The client gets what it lacks, and nothing twice.',
    test: {
      file: 'sandbox/public-api-app-state.test.ts',
      name: 'a client that asks again for everything has what the phone says',
    },
    methods: ['resyncAppState'],
  },
  {
    what: 'A message the client could not read',
    verdict: 'faithful',
    how: 'The client asks the phone, which hands it over.',
    test: {
      file: 'sandbox/own-phone.test.ts',
      name: 'what the owner does on the phone a message a client could not read is handed over by the phone',
    },
    methods: ['requestPlaceholderResend'],
  },
  {
    what: 'What a client asks its phone for, out of sight',
    verdict: 'simplified',
    how: 'Keys, older messages and unreadable ones are handed over; other requests are not answered.',
    test: {
      file: 'sandbox/public-api.test.ts',
      name: 'the phone is asked for a message by hand, and hands it over',
    },
    methods: ['sendPeerDataOperationMessage'],
  },
  {
    what: 'A phone that is away',
    verdict: 'simplified',
    how: 'After two weeks its linked devices go; WhatsApp takes about as long, not to the minute.',
    test: {
      file: 'sandbox/own-phone.test.ts',
      name: 'a phone without network for two weeks loses its linked devices',
    },
  },
  {
    what: 'A text written on the phone that a client cannot decrypt',
    verdict: 'faithful',
    how: 'The client asks the phone, which sends its copy again.',
    test: {
      file: 'sandbox/own-phone.test.ts',
      name: 'what the owner does on the phone a client that cannot decrypt its copy asks the phone for it again',
    },
  },
];
