/** Trust tokens: who has one of somebody may write to that person even when restricted. Clients send them along. */
import { randomBytes } from 'node:crypto';
import type { Person } from '../directory.ts';

const TOKEN_BYTES = 16;

export class TrustTokens {
  readonly #tokens = new Map<Person, Map<Person, Buffer>>();

  /** The token by which one person trusts another; a new one each time, the one before is worthless then. */
  issue(issuer: Person, holder: Person): Buffer {
    const token = randomBytes(TOKEN_BYTES);
    const issued = this.#tokens.get(issuer) ?? new Map<Person, Buffer>();
    this.#tokens.set(issuer, issued.set(holder, token));
    return token;
  }

  /** Whether this is the token the issuer gave the holder. */
  isValid(issuer: Person, holder: Person, token: Buffer | undefined): boolean {
    const issued = this.#tokens.get(issuer)?.get(holder);
    return issued !== undefined && token !== undefined && issued.equals(token);
  }
}
