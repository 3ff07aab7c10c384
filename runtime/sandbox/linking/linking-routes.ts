/** Linking over the control server. */
import { accountOf, refusing, required } from '../control-route.ts';
import type { Route } from '../control-route.ts';

export const linkingRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/accounts/:phone/scan',
    about: "The account's phone scans a QR code; the account is made on first use.",
    fields: { qr: required },
    handle: (sandbox, phone, { qr }) => refusing(() => sandbox.account(phone).scan(String(qr))),
  },
  {
    method: 'POST',
    path: '/accounts/:phone/code',
    about: "The pairing code a client shows is typed at the account's phone.",
    fields: { code: required },
    handle: (sandbox, phone, { code }) => refusing(() => sandbox.account(phone).enterCode(String(code))),
  },
  {
    method: 'POST',
    path: '/accounts/:phone/unlink',
    about: "Removes a linked device at the account's phone.",
    fields: { deviceId: { type: 'number', required: true } },
    handle: async (sandbox, phone, { deviceId }) => {
      const account = accountOf(sandbox, phone);
      await refusing(() => account.unlink(Number(deviceId)));
      return {};
    },
  },
];
