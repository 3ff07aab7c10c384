/** The media host's TLS certificate, issued by an authority made for it that clients are given to trust. */
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { generate } from 'selfsigned';

export interface IssuedCertificate {
  /** PEM of the authority's certificate. Its key is thrown away: it issues nothing more. */
  readonly authority: string;
  /** PEM of the host's certificate. */
  readonly certificate: string;
  /** PEM of the host's private key. */
  readonly key: string;
}

const COMMON = { keyType: 'ec', algorithm: 'sha256' } as const;

/** Makes an authority and has it issue a certificate for a host, for localhost and for the loopback addresses. */
export async function issueCertificate(host: string): Promise<IssuedCertificate> {
  // A name of its own: who trusts several sandboxes would otherwise take one's authority for another's.
  const name = `WhatsApp sandbox media authority ${randomBytes(4).toString('hex')}`;
  const authority = await generate([{ name: 'commonName', value: name }], {
    ...COMMON,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const addresses = new Set(['127.0.0.1', '::1', ...(isIP(host) ? [host] : [])]);
  const names = new Set(['localhost', ...(isIP(host) ? [] : [host])]);
  const issued = await generate([{ name: 'commonName', value: 'WhatsApp sandbox media host' }], {
    ...COMMON,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...[...names].map((value) => ({ type: 2 as const, value })),
          ...[...addresses].map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { authority: authority.cert, certificate: issued.cert, key: issued.private };
}
