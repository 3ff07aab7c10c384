import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseScenario, runScenario } from '../../runtime/sandbox/scenarios/scenarios.ts';
import { FAULTS, openRelay, startSandbox, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, loggedInClient, next, receives, textOf } from '../support/baileys-client.ts';
import { eventually, within } from '../support/deadline.ts';

let sandbox: Sandbox;
beforeAll(async () => void (sandbox = await startSandbox({ preKeyStock: 'ample', controlPort: 0 })));
afterAll(async () => {
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
});

async function ask(method: string, path: string, body?: object) {
  const response = await fetch(`${sandbox.controlUrl}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  return { status: response.status, body: (await response.json()) as any };
}

describe('over the control server', () => {
  test('a fault is begun, listed and stopped by its id', async () => {
    sandbox.account('15550100001');
    const begun = await ask('POST', '/faults', { name: 'slow', phone: '15550100001', settings: { ms: 5 } });
    const { fault } = begun.body;
    expect(fault).toMatchObject({ name: 'slow', phone: '15550100001', settings: { ms: 5 } });
    const { body } = await ask('GET', '/faults');
    expect(body.active).toEqual([fault]);
    expect(body.faults.find(({ name }: { name: string }) => name === 'slow')).toMatchObject({
      lasting: true,
      scope: 'account',
      settings: { ms: 500 },
    });
    expect(body.faults.find(({ name }: { name: string }) => name === 'down')).toMatchObject({ scope: 'everybody' });
    expect((await ask('POST', `/faults/${fault.id}/stop`)).status).toBe(200);
    expect((await ask('POST', `/faults/${fault.id}/stop`)).status).toBe(404);
    expect((await ask('GET', '/faults')).body.active).toEqual([]);
  });

  test.each([
    [{ name: 'nonsense' }, /there is no fault/],
    [{ name: 'slow', settings: { ms: 'x' } }, /ms must be a number/],
    [{ name: 'slow', settings: [] }, /settings must be an object/],
    [{ name: 'slow', phone: '15550100077' }, /is not an account/],
    [{ name: 'upgrade-status', phone: '15550100001' }, /befalls everybody, not one account/],
    [{ name: 'slow', when: 'now' }, /unknown field/],
    [{}, /name must be a string/],
  ])('%j is refused with a sentence', async (request, sentence) => {
    const { status, body } = await ask('POST', '/faults', request);
    expect([status, body.error]).toEqual([400, expect.stringMatching(sentence)]);
  });
});

describe.each(FAULTS)('$name', ({ name, lasting, scope, settings }) => {
  const phone = '15550100003';
  const one = scope === 'account' ? { phone } : {};

  beforeAll(async () => {
    sandbox.account(phone);
    // Some are about a way through which clients come.
    if ('proxy' in settings) await ask('POST', '/proxies', { kind: 'http' });
    if ('relay' in settings) await ask('POST', '/relays');
  });

  test('is begun and stopped over the control server', async () => {
    const { status, body } = await ask('POST', '/faults', { name, settings, ...one });
    expect([status, body.fault?.name]).toEqual([200, lasting ? name : undefined]);
    if (lasting) expect((await ask('POST', `/faults/${body.fault.id}/stop`)).status).toBe(200);
    expect(sandbox.trouble.active.size).toBe(0);
  });

  test('is a step of a scenario', async () => {
    const step = JSON.stringify({ fault: name, settings, ...(lasting && { for: '1ms' }) });
    const text = `{ name: Trial, contacts: { ada: { phone: '15550100201' } }, steps: [${step}] }`;
    const { ok } = await runScenario(sandbox, parseScenario(text, 'trial.yaml'), { account: phone });
    expect(ok).toBe(true);
    expect(sandbox.trouble.active.size).toBe(0);
  });
});

test('a client behind a frozen relay hears nothing and is not told; thawed, everything comes', async () => {
  const relay = await openRelay(Number(new URL(sandbox.url).port));
  const account = sandbox.account('15550100002');
  const linked = await linkedClient(sandbox, account);
  await disconnect(linked);
  const url = sandbox.url.replace(/:\d+\//, `:${relay.port}/`);
  const client = await loggedInClient({ url, rootKey: sandbox.rootKey }, linked.auth);
  expect(relay.open).toBe(1);
  relay.freeze();
  await sandbox.contact('15550100011').say(account, 'behind ice');
  const heard = receives(client, 'the text', (message) => textOf(message) === 'behind ice');
  heard.catch(() => undefined);
  await expect(within(300, 'a text', heard)).rejects.toThrow('not within');
  expect(client.socket.ws.isOpen).toBe(true);
  relay.thaw();
  await heard;
  const closed = next(client, 'close');
  relay.cut();
  expect(await closed).toEqual([428]);
  await eventually(
    5_000,
    'the end of the pair',
    () => relay.open,
    (open) => open === 0,
  );
  await relay.close();
});
