/** Errors of the store, part of the table in `errors.ts`. */
export const STORE_ERRORS = {
  store_unavailable: {
    status: 503,
    message: 'The runtime cannot reach its Redis, or Redis does not take more.',
    hint: 'Try again in a few seconds with the same Idempotency-Key; if it stays, see that Redis runs and has memory left.',
  },
  not_owner: {
    status: 503,
    message: 'Another runtime works for this session now.',
    hint: 'Try again in a few seconds.',
  },
  session_moving: {
    status: 503,
    message: 'The session is on its way from one worker to another.',
    hint: 'Try again in a few seconds, with the same Idempotency-Key: this time it was not answered, and may have been begun.',
  },
} as const;
