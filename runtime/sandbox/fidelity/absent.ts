/** What the sandbox does not have, and how a client learns it. */
import type { FidelityRow } from './row.ts';

export const ABSENT: readonly FidelityRow[] = [
  {
    what: 'Newsletters (channels)',
    verdict: 'absent',
    how: 'There are none; whoever asks for one is told that it does not exist.',
    test: {
      file: 'sandbox/restriction.test.ts',
      name: 'a restricted account asks for newsletters in vain, in the words WhatsApp has for it',
    },
    methods: ['newsletterMetadata'],
  },
];
