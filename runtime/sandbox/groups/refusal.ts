/** What the group service says no to, with the codes WhatsApp's answers carry. */

const TEXTS = {
  400: 'bad-request',
  401: 'not-authorized',
  403: 'forbidden',
  404: 'item-not-found',
  405: 'not-allowed',
  406: 'not-acceptable',
  409: 'conflict',
  410: 'gone',
  501: 'feature-not-implemented',
} as const;

export type RefusalCode = keyof typeof TEXTS;

export class GroupRefusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, sentence: string) {
    super(sentence);
    this.code = code;
  }

  /** The code in the words of the protocol. */
  get text(): string {
    return TEXTS[this.code];
  }
}
