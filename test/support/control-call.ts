/** The sandbox's control server as any program on the machine calls it. */

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
