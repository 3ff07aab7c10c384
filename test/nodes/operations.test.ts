/**
 * Every operation of the nodes once as it should go and once as it should not, over n8n's engine, the runtime and the sandbox.
 * The other files here look closer; this one sees to it that nothing is left out.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { IDataObject, INodeExecutionData, INodePropertyOptions } from 'n8n-workflow';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { N8nEngine } from '../support/n8n-engine.ts';
import { OPERATION_CASES } from '../support/operation-cases.ts';
import { API_TALK, prepared, type World } from '../support/operation-world.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { startRuntime, type RuntimeProcess } from '../support/runtime-process.ts';

let runtime: RuntimeProcess;
let receiver: Receiver;
let engine: N8nEngine;
let nowhere: N8nEngine;
let world: World;
let executions = 0;

beforeAll(async () => {
  [runtime, receiver] = await Promise.all([startRuntime(), startReceiver()]);
  engine = await N8nEngine.load({ baseUrl: runtime.url, apiKey: runtime.apiKey });
  nowhere = await N8nEngine.load({ baseUrl: `http://127.0.0.1:${await freePort()}`, apiKey: runtime.apiKey });
  world = await prepared(runtime, receiver);
}, 120_000);

afterAll(async () => {
  await runtime?.stop();
  await receiver?.stop();
});

const [SEND, CONTROL] = ['whatsAppConnectorSendMessage', 'whatsAppConnectorSessionControl'];

/** Runs an operation as an execution of its own, with the session "desk" unless another is given. */
async function run(at: N8nEngine, name: string, parameters: IDataObject): Promise<INodeExecutionData[]> {
  const [type = '', resource = '', operation = ''] = name.split('.');
  const session = { __rl: true, mode: 'id', value: 'desk' };
  const node = {
    type: type === 'send' ? SEND : CONTROL,
    parameters: { resource, operation, session, options: {}, ...parameters },
  };
  return (await at.run(node, [{}], { executionId: `operation-${executions++}` })).flat();
}

describe.each(Object.entries(OPERATION_CASES))('%s', (name, { succeeds, fails }) => {
  test('succeeds', async () => {
    const { parameters, gives } = await succeeds(world);
    const items = await run(engine, name, parameters);
    expect(items.map(({ json, binary }) => ({ ...json, ...(binary && { binary }) }))).toMatchObject(gives);
    for (const { pairedItem } of items) expect(pairedItem).toEqual({ item: 0 });
  }, 60_000);

  test('fails with what to do', async () => {
    const failure =
      fails === 'unreachable'
        ? { at: nowhere, parameters: {}, message: /does not answer/ }
        : { at: engine, ...fails(world) };
    const error = (await run(failure.at, name, failure.parameters).then(
      () => Promise.reject(new Error('it did not fail')),
      (thrown: unknown) => thrown,
    )) as { message: string; description?: string; context?: IDataObject };
    expect(error.message).toMatch(failure.message);
    expect(error.description).toMatch(/\w+/);
    expect(`${error.message} ${error.description}`).not.toMatch(API_TALK);
    expect(error.context).toMatchObject({ itemIndex: 0 });
  }, 60_000);
});

test('no operation is left out here, and none is here that the nodes have not', () => {
  const offered = engine.nodes.flatMap(({ description }) => {
    const node = { [SEND]: 'send', [CONTROL]: 'control' }[description.name];
    const lists = description.properties.filter(({ name }) => name === 'operation');
    return lists.flatMap(({ displayOptions, options = [] }) =>
      ((displayOptions?.show?.resource ?? []) as string[]).flatMap((resource) =>
        (options as INodePropertyOptions[]).map(({ value }) => `${node}.${resource}.${value}`),
      ),
    );
  });
  expect(offered.length).toBeGreaterThan(50);
  expect(Object.keys(OPERATION_CASES).toSorted()).toEqual(offered.toSorted());
});
