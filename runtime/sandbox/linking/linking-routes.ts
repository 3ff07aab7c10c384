/** Linking over the control server. */
import { accountOf, refusing, required } from '../control-route.ts';
import type { Route } from '../control-route.ts';

export const linkingRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/accounts\/(\d+)\/scan$/,
    fields: { qr: required },
    handle: (sandbox, phone, { qr }) => refusing(() => sandbox.account(phone).scan(String(qr))),
  },
  {
    method: 'POST',
    path: /^\/accounts\/(\d+)\/code$/,
    fields: { code: required },
    handle: (sandbox, phone, { code }) => refusing(() => sandbox.account(phone).enterCode(String(code))),
  },
  {
    method: 'POST',
    path: /^\/accounts\/(\d+)\/unlink$/,
    fields: { deviceId: { type: 'number', required: true } },
    handle: async (sandbox, phone, { deviceId }) => {
      const account = accountOf(sandbox, phone);
      await refusing(() => account.unlink(Number(deviceId)));
      return {};
    },
  },
];
