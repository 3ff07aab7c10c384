/** The runtime's API as any client calls it, for what is neither a whole flow nor a process of its own. */
import type { Sandbox } from '../../runtime/sandbox/sandbox.ts';

/** Calls an API; gives the data of its envelope, rejects with the code of its error. */
export type Call = <Data>(method: string, path: string, body?: object) => Promise<Data>;

/** `base` is looked up at each call: a runtime that is started again may be somewhere else. */
export const caller =
  (base: () => string, key: string): Call =>
  async <Data>(method: string, path: string, body?: object): Promise<Data> => {
    const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) };
    const response = await fetch(base() + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const { data, error } = (await response.json()) as { data: Data; error?: { code: string } };
    if (error) throw new Error(`${method} ${path}: ${error.code}`);
    return data;
  };

/** Scans the code a session shows, as soon as it shows one. */
export async function scanCode(call: Call, sandbox: Sandbox, id: string, phone: string): Promise<void> {
  await call('GET', `/sessions/${id}/wait?status=qr&timeout=60`);
  const { qr } = await call<{ qr: string }>('GET', `/sessions/${id}/qr`);
  await sandbox.account(phone).scan(qr);
}

/** Makes a session and links it; resolves when it is connected, rejects when it does not become so. */
export async function linkSession(call: Call, sandbox: Sandbox, id: string, phone: string, more: object = {}) {
  await call('POST', '/sessions', { sessionId: id, ...more });
  await scanCode(call, sandbox, id, phone);
  const path = `/sessions/${id}/wait?status=connected&timeout=60`;
  const { reached } = await call<{ reached: boolean }>('GET', path);
  if (!reached) throw new Error(`${id} did not connect`);
}
