/** Fidelity of what goes wrong: delivery, restrictions, faults, proxies. */
import type { FidelityRow } from './row.ts';

export const TROUBLE: readonly FidelityRow[] = [
  {
    what: 'What came while the client was away',
    verdict: 'faithful',
    how: 'Waits in order, comes at the next login marked as old, and its count after it.',
    test: {
      file: 'sandbox/delivery.test.ts',
      name: 'a linked client that was away gets a thousand messages, each once, in the order they were sent, and the count of them',
    },
  },
  {
    what: 'Messages that cannot be decrypted, both ways',
    verdict: 'faithful',
    how: 'Retry receipts with keys from the second on, and a new session.',
    test: {
      file: 'sandbox/delivery.test.ts',
      name: 'a linked client asks five times for a message it cannot decrypt, with its keys from the second time on',
    },
  },
  {
    what: 'Repeated, overtaking, late and refused messages',
    verdict: 'faithful',
    how: 'By message, by account or by contact, with any error code.',
    test: {
      file: 'sandbox/delivery.test.ts',
      name: 'a linked client learns that a message was refused with %s, while others pass',
    },
  },
  {
    what: 'Restricted accounts (463), quotas of new chats (475)',
    verdict: 'simplified',
    how: 'The refusals and what a client can ask are as observed; when WhatsApp restricts an account nobody outside knows.',
    test: {
      file: 'sandbox/restriction.test.ts',
      name: 'a restricted account writes to whom it knows, and is refused with 463 to whom it does not',
    },
    methods: ['fetchAccountReachoutTimelock', 'fetchNewChatMessageCap'],
  },
  {
    what: 'Tokens of trust',
    verdict: 'simplified',
    how: 'Handed to who is trusted, and let in where strangers are not; they do not end with time.',
    test: { file: 'sandbox/public-api.test.ts', name: 'a token of trust reaches who is trusted' },
    methods: ['issuePrivacyTokens'],
  },
  {
    what: 'Connections that end: stream errors, close codes, resets',
    verdict: 'faithful',
    how: 'Every code the client knows, as stanza, as WebSocket close and as TCP end.',
    test: { file: 'sandbox/fault-kinds.test.ts', name: 'a connection that is open ends with %s %j: %i' },
  },
  {
    what: 'Logins that fail: refusals, HTTP errors, hangs, wrong certificates',
    verdict: 'faithful',
    how: 'At every step from TCP to login.',
    test: { file: 'sandbox/fault-kinds.test.ts', name: 'a client that wants in meets %s %j: %s' },
  },
  {
    what: 'Half-open connections',
    verdict: 'faithful',
    how: 'A frozen connection reads, writes and notices nothing.',
    test: {
      file: 'sandbox/fault-kinds.test.ts',
      name: 'while it lasts nothing passes a frozen connection, and what came meanwhile is there after the next login',
    },
  },
  {
    what: 'Stanzas and messages no client knows',
    verdict: 'simplified',
    how: 'Samples of unknown notifications, errors, message kinds and fields; what WhatsApp invents next is not known.',
    test: { file: 'sandbox/fault-kinds.test.ts', name: 'while it lasts the client outlives an %s, and goes on' },
  },
  {
    what: 'SOCKS5 and HTTP CONNECT proxies',
    verdict: 'faithful',
    how: 'Real proxies with passwords, byte counts by destination, and troubles of their own.',
    test: {
      file: 'sandbox/proxies.test.ts',
      name: 'a %s proxy passes bytes both ways and counts them by destination',
    },
  },
  {
    what: 'How long what was not delivered waits',
    verdict: 'simplified',
    how: 'As long as the sandbox runs; WhatsApp throws it away after some weeks.',
    test: {
      file: 'sandbox/faults.test.ts',
      name: 'a message whose receipt never came is delivered again at the next login',
    },
  },
  {
    what: 'A slow server',
    verdict: 'faithful',
    how: 'Everything comes late and in order, the last word too.',
    test: {
      file: 'sandbox/fault-kinds.test.ts',
      name: 'while it lasts a slow server says what it had to say, its last word too, before it ends a connection',
    },
  },
  {
    what: 'Certificate chains with a flaw',
    verdict: 'faithful',
    how: 'Each flaw by itself, for clients that look; this one looks at one of them.',
    test: { file: 'sandbox/handshake.test.ts', name: 'a careful client refuses a certificate chain with a flaw: %s' },
  },
  {
    what: 'Messages of tomorrow',
    verdict: 'simplified',
    how: 'Unknown fields, attributes, children and ways to encrypt; what WhatsApp will really add is not known.',
    test: {
      file: 'sandbox/fault-messages.test.ts',
      name: 'a client of today gets from tomorrow a text with an unknown field beside it, and shows the text',
    },
  },
  {
    what: 'A media host in trouble',
    verdict: 'faithful',
    how: 'Refusals, hangs, half answers and files that are gone, both ways.',
    test: {
      file: 'sandbox/network-faults.test.ts',
      name: 'what goes wrong with files %s %j: the client cannot open a file, and can when it is over',
    },
  },
  {
    what: 'Who is restricted, how often one may ask (429), and when one is banned',
    verdict: 'absent',
    how: 'The sandbox never does it by itself; each refusal can be had as a fault.',
    test: { file: 'sandbox/fault-kinds.test.ts', name: 'while it lasts %s' },
  },
];
