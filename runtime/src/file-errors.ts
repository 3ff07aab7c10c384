/** Rows of the table in errors.ts: what can be wrong with files that are to be sent. */
export const FILE_ERRORS = {
  ffmpeg_missing: {
    status: 422,
    message: 'This file must be converted, and ffmpeg, which does it, is not installed where the runtime runs.',
    hint: 'Install ffmpeg (on Debian: apt install ffmpeg) or set FFMPEG_PATH; or send a file that phones show as it is.',
  },
  invalid_file_url: {
    status: 400,
    message: "The file's address is not a http or https URL.",
    hint: 'Write it in full, such as https://example.com/picture.jpg.',
  },
  file_not_fetched: {
    status: 422,
    message: 'The file could not be fetched from its address.',
    hint: 'Open the address without logging in: it must give the file itself. details says what happened.',
  },
  file_not_usable: {
    status: 400,
    message: 'WhatsApp does not show a file of this type as this kind of message.',
    hint: 'Send it as what it is, or as a document; details says which types are taken.',
  },
  file_too_large: {
    status: 413,
    message: 'The file is larger than this runtime sends.',
    hint: 'Send a smaller file, or raise MEDIA_MAX_BYTES.',
  },
  file_lost: {
    status: 410,
    message: 'The file that was kept for this message cannot be read any more.',
    hint: 'Send it again: what was kept is unreadable once the account was logged out.',
  },
  not_writable: {
    status: 503,
    message: 'The runtime cannot write to its disk.',
    hint: 'Check that the disk of SESSIONS_DIR is not full, and that the directory can be written to.',
  },
} as const;
