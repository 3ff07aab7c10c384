/** Makes this process trust the authority of a sandbox's media host, as NODE_EXTRA_CA_CERTS does from its start. */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Sandbox } from '../../runtime/sandbox/sandbox.ts';

export const trustMediaHost = ({ mediaCa }: Pick<Sandbox, 'mediaCa'>): void => trustAuthority(mediaCa);

/** The same for any authority, by its certificate in PEM. */
export function trustAuthority(certificate: string): void {
  setDefaultCACertificates([...getCACertificates('default'), certificate]);
}
