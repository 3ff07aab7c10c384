/**
 * Which server is WhatsApp. The client checks the server's certificate chain against this key (and, by a defect of rc14,
 * accepts any signature: B3; TLS is what authenticates the server). A sandbox has a root of its own; config.ts accepts
 * one only together with a loopback URL.
 */
import { WA_CERT_DETAILS } from '@whiskeysockets/baileys';

export function trustRoot(rootKeyHex: string | undefined): void {
  if (rootKeyHex !== undefined) WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKeyHex, 'hex');
}
