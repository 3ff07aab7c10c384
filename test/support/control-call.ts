/** The sandbox's control server as any program on the machine calls it. */
import { eventually } from './deadline.ts';

const DEADLINE_MS = 10_000;

export interface ControlAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Calls a control server; `base` is looked up at each call. */
export const controlCaller =
  (base: () => string | null) =>
  async (method: 'GET' | 'POST', path: string, body?: unknown): Promise<ControlAnswer> => {
    const response = await fetch(`${base()}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

type Row = Record<string, unknown>;

/** A contact's row of a message, over HTTP, as soon as it is there and `passes` holds for it. */
export async function rowOverHttp(
  call: ReturnType<typeof controlCaller>,
  { phone, id, own = false }: { phone: string; id: unknown; own?: boolean },
  passes = (_row: Row): boolean => true,
): Promise<Row> {
  const look = async () => {
    const { body } = await call('GET', `/contacts/${phone}/screen?own=${own}`);
    return (body['screen'] as Row[]).find(({ messageId }) => messageId === id) ?? null;
  };
  return (await eventually(DEADLINE_MS, 'the row', look, (found) => found !== null && passes(found))) ?? {};
}
