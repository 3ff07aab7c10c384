/** Fidelity of connections: handshake, linking, login, and their end. */
import type { FidelityRow } from './row.ts';

export const CONNECTING: readonly FidelityRow[] = [
  {
    what: 'Noise handshake and certificate chain',
    verdict: 'faithful',
    how: 'Noise XX and a chain of two certificates, under a root of the sandbox instead of WhatsApp.',
    test: {
      file: 'sandbox/handshake.test.ts',
      name: 'a handshake gives both sides the same keys and the client a chain for the key it spoke with',
    },
  },
  {
    what: 'TLS under the chat connection',
    verdict: 'absent',
    how: 'The chat server speaks ws://, not wss://; files and pictures are served over HTTPS.',
    untested: 'A client that insists on wss:// meets a server that does not speak it, as it would anywhere.',
  },
  {
    what: 'Linking by QR code',
    verdict: 'faithful',
    how: 'Six references, pair-success under the scanned secret, the restart (515), and the login after it.',
    test: {
      file: 'sandbox/linking.test.ts',
      name: 'a client that shows a QR code is linked by a scan, told to restart, and logs in as that account',
    },
  },
  {
    what: 'QR codes that expire or run out',
    verdict: 'faithful',
    how: 'A code lives a minute, the next ones twenty seconds; a client that has shown all of them gives up.',
    test: {
      file: 'sandbox/linking-limits.test.ts',
      name: 'a client whose codes nobody scanned gives up when it has shown them all',
    },
  },
  {
    what: 'Linking by pairing code',
    verdict: 'faithful',
    how: 'The whole exchange from hello to finish; the code is typed at the simulated phone.',
    test: {
      file: 'sandbox/pairing-code.test.ts',
      name: 'a client whose code is typed at the phone is linked, registered, and talks',
    },
    methods: ['requestPairingCode'],
  },
  {
    what: 'The route a client comes back by',
    verdict: 'simplified',
    how: 'Told at login and said before the first frame of the next connection; there is one server, which heeds it not.',
    test: { file: 'sandbox/linking.test.ts', name: 'a client comes back by the route it was told' },
  },
  {
    what: 'A client that was unlinked and is linked again',
    verdict: 'faithful',
    how: 'With the keys it had, as a new device.',
    test: {
      file: 'sandbox/linking-limits.test.ts',
      name: 'a client that was unlinked is linked again with the keys it had, as a new device',
    },
  },
  {
    what: 'Four linked devices at most',
    verdict: 'faithful',
    how: 'The fifth is refused at the phone until one is unlinked.',
    test: {
      file: 'sandbox/linking-limits.test.ts',
      name: 'an account has four linked devices at most, and room again when one is unlinked',
    },
  },
  {
    what: 'Logging out, and being unlinked by the phone',
    verdict: 'faithful',
    how: 'The device is removed, its connection ends with 401, and later logins fail with 401.',
    test: {
      file: 'sandbox/linking.test.ts',
      name: 'a client that logs out is removed, and refused when it comes back',
    },
    methods: ['logout'],
  },
  {
    what: 'A second login of one device',
    verdict: 'faithful',
    how: 'The first connection ends as replaced (440).',
    test: { file: 'sandbox/linking.test.ts', name: 'a second login of a device ends the first one as replaced' },
  },
  {
    what: 'Pre-keys: stock, upload, digest, rotation',
    verdict: 'simplified',
    how: 'Keys are stocked and handed out as by WhatsApp; contacts of the sandbox never run out of theirs.',
    test: {
      file: 'sandbox/public-api.test.ts',
      name: 'the client counts, uploads, compares and renews its keys',
    },
    methods: ['uploadPreKeys', 'uploadPreKeysToServerIfRequired', 'digestKeyBundle', 'rotateSignedPreKey'],
  },
  {
    what: 'The word that few pre-keys are left',
    verdict: 'faithful',
    how: 'Told once the stock is low, and the client uploads more.',
    test: {
      file: 'sandbox/delivery.test.ts',
      name: 'a linked client uploads pre-keys when it is told that few are left',
    },
  },
  {
    what: "Reports on the client's use (telemetry)",
    verdict: 'simplified',
    how: 'Taken and thrown away.',
    test: { file: 'sandbox/public-api.test.ts', name: 'what the client reports of its use is taken' },
    methods: ['sendWAMBuffer', 'sendUnifiedSession'],
  },
  {
    what: 'Word that something must be fetched anew (dirty bits)',
    verdict: 'simplified',
    how: 'A client that says it has cleaned up is answered; the sandbox never calls anything dirty.',
    test: { file: 'sandbox/public-api.test.ts', name: 'a client that says it has cleaned up is answered' },
    methods: ['cleanDirtyBits'],
  },
  {
    what: 'Experiments and settings the server announces (AB props)',
    verdict: 'simplified',
    how: 'There are none, so that the client goes by its defaults.',
    test: { file: 'sandbox/public-api.test.ts', name: 'the server announces no experiments' },
  },
];
