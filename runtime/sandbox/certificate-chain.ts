/** The chain with which a WhatsApp server proves its Noise key: root signs intermediate, intermediate signs leaf. */
import { Curve, proto } from '@whiskeysockets/baileys';

const { CertChain } = proto;
const { Details } = CertChain.NoiseCertificate;

/** The serial number of WhatsApp's root; clients refuse an intermediate that names another issuer. */
const ROOT_SERIAL = 0;
const INTERMEDIATE_SERIAL = 1;
const LEAF_SERIAL = 2;
const LIFETIME_SECONDS = 365 * 24 * 60 * 60;

/** Makes a new root, and under it a chain for the server's static key. Nobody keeps the root's private half. */
export function certifyServerKey(serverKey: Uint8Array): { rootKey: Buffer; chain: Uint8Array } {
  const root = Curve.generateKeyPair();
  const intermediate = Curve.generateKeyPair();
  const notBefore = Math.floor(Date.now() / 1000) - 60;
  const issue = (serial: number, issuerSerial: number, key: Uint8Array, signer: Uint8Array) => {
    const details = Details.encode({ serial, issuerSerial, key, notBefore, notAfter: notBefore + LIFETIME_SECONDS });
    const bytes = details.finish();
    return { details: bytes, signature: Curve.sign(signer, bytes) };
  };
  const chain = CertChain.encode({
    leaf: issue(LEAF_SERIAL, INTERMEDIATE_SERIAL, serverKey, intermediate.private),
    intermediate: issue(INTERMEDIATE_SERIAL, ROOT_SERIAL, intermediate.public, root.private),
  }).finish();
  return { rootKey: Buffer.from(root.public), chain };
}
