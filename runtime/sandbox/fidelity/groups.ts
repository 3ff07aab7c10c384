/** Fidelity of groups. */
import type { FidelityRow } from './row.ts';

export const GROUPS: readonly FidelityRow[] = [
  {
    what: 'Metadata and the list of groups',
    verdict: 'faithful',
    how: 'In groups addressed by number and by hidden id, with both addresses of everybody.',
    test: {
      file: 'sandbox/groups.test.ts',
      name: 'what a client sees of a group a new group with the account in it reaches the client, and so do all it is in when it asks',
    },
    methods: ['groupMetadata', 'groupFetchAllParticipating'],
  },
  {
    what: 'Making and leaving a group',
    verdict: 'faithful',
    how: 'Whom nobody knows is not in it; who left may do nothing there.',
    test: {
      file: 'sandbox/groups-client.test.ts',
      name: 'the group it made has it as owner, and whom nobody knows is not in it',
    },
    methods: ['groupCreate', 'groupLeave'],
  },
  {
    what: 'Members and admins',
    verdict: 'faithful',
    how: 'Added, removed, promoted and demoted, with an answer for each, and told to everybody.',
    test: {
      file: 'sandbox/groups-client.test.ts',
      name: 'it changes members, and is told of each what became of it',
    },
    methods: ['groupParticipantsUpdate'],
  },
  {
    what: 'Subject, description and settings',
    verdict: 'faithful',
    how: 'Every setting a client can change, with who may change it.',
    test: {
      file: 'sandbox/groups-client.test.ts',
      name: 'subject, description and settings are as it asked',
    },
    methods: [
      'groupUpdateSubject',
      'groupUpdateDescription',
      'groupSettingUpdate',
      'groupMemberAddMode',
      'groupJoinApprovalMode',
      'groupToggleEphemeral',
    ],
  },
  {
    what: 'Invite links',
    verdict: 'faithful',
    how: 'They tell of the group and let people in until they are revoked.',
    test: {
      file: 'sandbox/groups-client.test.ts',
      name: 'the invite link tells of the group and lets people in until it is revoked',
    },
    methods: ['groupInviteCode', 'groupRevokeInvite', 'groupAcceptInvite', 'groupGetInviteInfo'],
  },
  {
    what: 'Invitations meant for one person',
    verdict: 'faithful',
    how: 'Given for whom the client may not add, taken up, and taken back.',
    test: {
      file: 'sandbox/groups-client.test.ts',
      name: 'it takes up an invitation meant for it, unless that was taken back, and takes back its own',
    },
    methods: ['groupAcceptInviteV4', 'groupRevokeInviteV4'],
  },
  {
    what: 'Requests to join',
    verdict: 'faithful',
    how: 'Told, listed and decided where an admin must agree.',
    test: {
      file: 'sandbox/groups-client.test.ts',
      name: 'it is told of requests to join, lists them and decides',
    },
    methods: ['groupRequestParticipantsList', 'groupRequestParticipantsUpdate'],
  },
  {
    what: 'Messages in groups, with sender keys',
    verdict: 'faithful',
    how: 'The key goes to each device once, and a new one is made when somebody leaves.',
    test: {
      file: 'sandbox/groups-messages.test.ts',
      name: 'in a group with %s addressing who comes later gets what is said later; who left gets nothing, and the key is a new one',
    },
  },
  {
    what: 'Labels of members',
    verdict: 'simplified',
    how: 'Passed on to the members, and shown nowhere.',
    test: { file: 'sandbox/public-api.test.ts', name: "the account's label in a group is passed on" },
    methods: ['updateMemberLabel'],
  },
  {
    what: 'The hash of the devices a message went to (phash)',
    verdict: 'absent',
    how: 'WhatsApp answers it in acks; this client neither sends one nor heeds one.',
    test: {
      file: 'sandbox/public-api.test.ts',
      name: 'neither the client nor the server names the devices of a group in a hash',
    },
  },
  {
    what: 'Five hundred members',
    verdict: 'faithful',
    how: 'Every one decrypts what the client says, once.',
    test: {
      file: 'sandbox/groups-large.test.ts',
      name: 'every one of five hundred members decrypts what the client says, once, and the client what one of them says',
    },
  },
  {
    what: 'Delivery and reading in groups',
    verdict: 'faithful',
    how: 'A receipt of each member, both ways.',
    test: {
      file: 'sandbox/groups-messages.test.ts',
      name: 'in a group with %s addressing delivery and reading are told with who, both ways',
    },
  },
  {
    what: 'What others change in a group',
    verdict: 'faithful',
    how: 'Told with who did what to whom, also to a client that was away.',
    test: {
      file: 'sandbox/groups.test.ts',
      name: 'what others change adding, promoting, demoting, removing and leaving are told with who did it to whom',
    },
  },
  {
    what: 'Damaged messages in groups',
    verdict: 'faithful',
    how: 'Asked for again, and sent with the key to who asked.',
    test: {
      file: 'sandbox/groups-messages.test.ts',
      name: 'in a group with %s addressing what the client cannot decrypt is asked for again, and the contact sends it with its key',
    },
  },
];
