/** Fidelity of people: addresses, presence, profiles, pictures, privacy, calls. */
import type { FidelityRow } from './row.ts';

export const PEOPLE: readonly FidelityRow[] = [
  {
    what: 'Phone numbers and hidden ids (LID)',
    verdict: 'faithful',
    how: 'Either may be the address, the other stands beside it, and a number may be learnt late or never.',
    test: {
      file: 'sandbox/devices.test.ts',
      name: 'a linked client and a contact known by hidden id alone its messages name no number, and it is answered all the same',
    },
  },
  {
    what: 'Whether a number is on WhatsApp',
    verdict: 'faithful',
    how: 'Asked by number; one that nobody has is not, and a message to it is taken and reaches nobody.',
    test: {
      file: 'sandbox/messages.test.ts',
      name: 'a linked client a number nobody has is not on WhatsApp, and one that somebody has is',
    },
    methods: ['onWhatsApp'],
  },
  {
    what: 'Looking people up: devices, hidden ids, keys',
    verdict: 'simplified',
    how: 'Contacts, devices, hidden ids, about texts and timers; user names and the like are not there.',
    test: {
      file: 'sandbox/public-api.test.ts',
      name: 'somebody is looked up by number, with devices and hidden id',
    },
    methods: ['executeUSyncQuery', 'getUSyncDevices', 'assertSessions'],
  },
  {
    what: 'People with several devices',
    verdict: 'faithful',
    how: 'Each device has keys of its own, is written to, and can come and go.',
    test: {
      file: 'sandbox/devices.test.ts',
      name: 'a linked client and contacts with several devices it encrypts for every one of them',
    },
  },
  {
    what: 'A phone installed anew (changed identity)',
    verdict: 'faithful',
    how: 'With the notification or without it; linked devices go with the old phone.',
    test: {
      file: 'sandbox/identity.test.ts',
      name: 'a linked client and a contact that installs WhatsApp anew begins a new session when it is told, and its next message is decrypted at once',
    },
  },
  {
    what: 'Presence and last seen',
    verdict: 'faithful',
    how: 'Told to who subscribed and is online, as far as the other shows it.',
    test: {
      file: 'sandbox/presence.test.ts',
      name: 'a linked client that is online sees somebody it subscribed to come and go, and when it was last there',
    },
    methods: ['sendPresenceUpdate', 'presenceSubscribe'],
  },
  {
    what: 'Typing and recording',
    verdict: 'faithful',
    how: 'Both ways, per chat, in groups with who.',
    test: {
      file: 'sandbox/messages.test.ts',
      name: 'a linked client typing is seen per chat, and recording is told from it',
    },
  },
  {
    what: 'Pictures of people and groups',
    verdict: 'simplified',
    how: 'Over HTTPS; small and large are the files that were given; WhatsApp scales them, and its addresses end with time.',
    test: {
      file: 'sandbox/pictures.test.ts',
      name: 'two clients of one account find the picture of somebody, small and large, byte for byte',
    },
    methods: ['profilePictureUrl'],
  },
  {
    what: "The account's own picture",
    verdict: 'faithful',
    how: 'Changed and removed by a client; the other clients and those who know the account are told.',
    test: {
      file: 'sandbox/pictures.test.ts',
      name: 'two clients of one account change and remove the picture of the account, which the other learns',
    },
    methods: ['updateProfilePicture', 'removeProfilePicture'],
  },
  {
    what: 'About texts',
    verdict: 'faithful',
    how: 'Read where the other shows it, changed for the account.',
    test: {
      file: 'sandbox/profiles.test.ts',
      name: 'two clients of one account change the about text of the account, and others read it',
    },
    methods: ['fetchStatus', 'updateProfileStatus'],
  },
  {
    what: 'Business profiles',
    verdict: 'simplified',
    how: 'Texts, address and one site; no opening hours, no cover photo and no catalogue.',
    test: {
      file: 'sandbox/profiles.test.ts',
      name: 'two clients of one account change the business profile of the account, and leave what they do not name',
    },
    methods: ['getBusinessProfile', 'updateBussinesProfile'],
  },
  {
    what: 'Privacy settings',
    verdict: 'simplified',
    how: 'All values WhatsApp takes; a list of exceptions can be chosen, and nobody is on it.',
    test: { file: 'sandbox/public-api.test.ts', name: 'every privacy setting is changed by its method' },
    methods: [
      'fetchPrivacySettings',
      'updateCallPrivacy',
      'updateMessagesPrivacy',
      'updateLastSeenPrivacy',
      'updateOnlinePrivacy',
      'updateProfilePicturePrivacy',
      'updateStatusPrivacy',
      'updateReadReceiptsPrivacy',
      'updateGroupsAddPrivacy',
    ],
  },
  {
    what: 'The default message timer',
    verdict: 'faithful',
    how: 'Set by one client, told to the others, read of anybody.',
    test: {
      file: 'sandbox/profiles.test.ts',
      name: 'two clients of one account set the default message timer, which the other client learns',
    },
    methods: ['updateDefaultDisappearingMode', 'fetchDisappearingDuration'],
  },
  {
    what: 'Blocking',
    verdict: 'faithful',
    how: 'Both ways; who is blocked is acknowledged and never heard.',
    test: {
      file: 'sandbox/profiles.test.ts',
      name: 'two clients of one account block somebody, whose messages no longer come, and unblock again',
    },
    methods: ['fetchBlocklist', 'updateBlockStatus'],
  },
  {
    what: 'Calls that ring, are rejected or missed',
    verdict: 'simplified',
    how: 'Signalling alone: no sound or picture ever flows, so a call can be taken on the phone only.',
    test: { file: 'sandbox/calls.test.ts', name: 'a linked client rejects a call, and the caller learns it' },
    methods: ['rejectCall'],
  },
  {
    what: 'Links to calls',
    verdict: 'simplified',
    how: 'A token of the right form is given; nobody can join the call behind it.',
    test: { file: 'sandbox/calls.test.ts', name: 'a linked client gets a link to a call of its own' },
    methods: ['createCallLink'],
  },
  {
    what: 'Bots',
    verdict: 'absent',
    how: 'The list of bots is empty.',
    test: { file: 'sandbox/profiles.test.ts', name: 'two clients of one account find no bots' },
    methods: ['getBotListV2'],
  },
  {
    what: 'Being blocked by somebody',
    verdict: 'faithful',
    how: 'What is written is acknowledged, and never arrives.',
    test: {
      file: 'sandbox/profiles.test.ts',
      name: 'two clients of one account are blocked by somebody: what they write is acknowledged and never arrives',
    },
  },
  {
    what: 'A number learnt late',
    verdict: 'faithful',
    how: 'From a message that names it, from a notification, or when somebody writes there.',
    test: {
      file: 'sandbox/devices.test.ts',
      name: 'a linked client and a contact known by hidden id alone the number of another is learnt from a notification',
    },
  },
];
