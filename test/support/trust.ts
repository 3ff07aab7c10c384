/** Makes this process trust the authority of a sandbox's media host, as NODE_EXTRA_CA_CERTS does from its start. */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Sandbox } from '../../runtime/sandbox/sandbox.ts';

export function trustMediaHost({ mediaCa }: Pick<Sandbox, 'mediaCa'>): void {
  setDefaultCACertificates([...getCACertificates('default'), mediaCa]);
}
