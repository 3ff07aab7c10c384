/**
 * Which server is WhatsApp. The client checks the server's certificate chain against this key
 * (`signatures.ts` makes it really check). A sandbox has a root of its own; config.ts accepts
 * one only together with a loopback URL.
 */
import { WA_CERT_DETAILS } from '@whiskeysockets/baileys';

export function trustRoot(rootKeyHex: string | undefined): void {
  if (rootKeyHex !== undefined) WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKeyHex, 'hex');
}
