/** The chain with which a WhatsApp server proves its Noise key: root signs intermediate, intermediate signs leaf. */
import { Curve, proto } from '@whiskeysockets/baileys';

const { CertChain } = proto;
const { Details } = CertChain.NoiseCertificate;

/** The serial number of WhatsApp's root; clients refuse an intermediate that names another issuer. */
const ROOT_SERIAL = 0;
const INTERMEDIATE_SERIAL = 1;
const LEAF_SERIAL = 2;
const LIFETIME_SECONDS = 365 * 24 * 60 * 60;

/** What can be wrong with a chain: whose root it ends at, whom the intermediate names, the time, or whose key it is for. */
export const FLAWS = ['root', 'issuer', 'expired', 'key'] as const;
export type Flaw = (typeof FLAWS)[number];

export interface Certified {
  readonly rootKey: Buffer;
  readonly chain: Uint8Array;
  /** A chain for the same server that a careful client refuses. */
  flawed(flaw: Flaw): Uint8Array;
}

/** Makes a new root, and under it a chain for the server's static key. */
export function certifyServerKey(serverKey: Uint8Array): Certified {
  const root = Curve.generateKeyPair();
  const chainFor = (flaw?: Flaw) => {
    const anchor = flaw === 'root' ? Curve.generateKeyPair() : root;
    const intermediate = Curve.generateKeyPair();
    const issuer = flaw === 'issuer' ? INTERMEDIATE_SERIAL : ROOT_SERIAL;
    const notAfter = Math.floor(Date.now() / 1000) + (flaw === 'expired' ? -60 : LIFETIME_SECONDS);
    const issue = (serial: number, issuerSerial: number, key: Uint8Array, signer: Uint8Array) => {
      const validity = { notBefore: notAfter - LIFETIME_SECONDS - 60, notAfter };
      const details = Details.encode({ serial, issuerSerial, key, ...validity }).finish();
      return { details, signature: Curve.sign(signer, details) };
    };
    const key = flaw === 'key' ? Curve.generateKeyPair().public : serverKey;
    return CertChain.encode({
      leaf: issue(LEAF_SERIAL, INTERMEDIATE_SERIAL, key, intermediate.private),
      intermediate: issue(INTERMEDIATE_SERIAL, issuer, intermediate.public, anchor.private),
    }).finish();
  };
  return { rootKey: Buffer.from(root.public), chain: chainFor(), flawed: chainFor };
}
