/**
 * n8n's own execution engine in this process, with our built package in it as n8n loads it: real contexts, real
 * expressions, real credentials injection; only the database and the web server around them are left out.
 * CommonJS, for the jest project "nodes".
 */
// First: n8n reads the environment while its modules load.
import './n8n-environment.ts';
import { join } from 'node:path';
import * as core from 'n8n-core';
import type {
  IBinaryKeyData,
  ICredentialsHelper,
  IDataObject,
  INode,
  INodeExecutionData,
  INodeListSearchResult,
  INodeType,
  INodeTypes,
  IRun,
  IWebhookData,
  IWebhookResponseData,
  IWorkflowExecuteAdditionalData,
  Workflow,
  WorkflowExecuteMode,
} from 'n8n-workflow';
import * as n8n from 'n8n-workflow';
import { ConnectorCredentials, CREDENTIAL, type Connector } from './n8n-credentials.ts';

export const REPOSITORY = join(__dirname, '..', '..');

/** A node as a workflow file has it. */
export interface NodeUnderTest {
  type: string;
  name?: string;
  parameters: IDataObject;
  onError?: INode['onError'];
}

type Hook = 'checkExists' | 'create' | 'delete';
type StaticData = Record<string, IDataObject>;

export interface Delivery {
  body: Buffer;
  headers: Record<string, string>;
}

/** What the sender of a delivery gets back, and the items of the execution it started, if it did. */
export interface DeliveryOutcome {
  status: number;
  answer: unknown;
  items: IDataObject[] | null;
  /** The files of the first item. */
  files?: IBinaryKeyData | undefined;
}

export class N8nEngine {
  readonly #loader: core.PackageDirectoryLoader;
  readonly #nodeTypes: INodeTypes;
  readonly #credentials: ICredentialsHelper;
  readonly #webhooks: string;

  private constructor(loader: core.PackageDirectoryLoader, connector: Connector, webhooks: string) {
    this.#webhooks = webhooks;
    this.#loader = loader;
    this.#credentials = new ConnectorCredentials(connector, loader);
    const typeOf = (name: string) => {
      const [packageName, node = ''] = name.split('.');
      if (packageName !== loader.packageName) throw new Error(`${name} is not of this package`);
      return loader.getNode(node).type;
    };
    this.#nodeTypes = {
      getByName: typeOf,
      getByNameAndVersion: (name, version) => n8n.NodeHelpers.getVersionedNodeType(typeOf(name), version),
      getKnownTypes: () => ({}),
    };
  }

  /** `webhooks` is the origin of the URLs the trigger gives away; `folder` holds the package as npm packs it. */
  static async load(
    connector: Connector,
    { webhooks = 'http://n8n.test', folder = REPOSITORY } = {},
  ): Promise<N8nEngine> {
    const loader = new core.PackageDirectoryLoader(folder);
    await loader.loadAll();
    return new N8nEngine(loader, connector, webhooks);
  }

  /** Runs one node on its own over the items, each with the files, as an execution; rejects with the error that stopped it. */
  async run(
    node: NodeUnderTest,
    items: IDataObject[] = [{}],
    {
      executionId = '1',
      mode = 'trigger' as WorkflowExecuteMode,
      binary = undefined as IBinaryKeyData | undefined,
    } = {},
  ): Promise<INodeExecutionData[][]> {
    const workflow = this.#workflow(node);
    const subject = only(workflow);
    const additionalData = this.#additionalData({ executionId });
    const finished = Promise.withResolvers<IRun>();
    const hooks = new core.ExecutionLifecycleHooks(mode, executionId, { ...workflowJson(node), id: 'w1' });
    hooks.addHandler('workflowExecuteAfter', (run) => finished.resolve(run));
    additionalData.hooks = hooks;
    const input = items.map((json) => ({ json, ...(binary && { binary }) }));
    const data = n8n.createRunExecutionData({
      executionData: { nodeExecutionStack: [{ node: subject, data: { main: [input] }, source: null }] },
    });
    await workflow.expression.acquireIsolate();
    try {
      await new core.WorkflowExecute(additionalData, mode, data).processRunExecutionData(workflow);
      const run = await finished.promise;
      const { error } = run.data.resultData;
      // In a run's result errors are plain objects.
      if (error) throw Object.assign(new Error(error.message), error);
      const output = run.data.resultData.runData[subject.name]?.[0]?.data?.main ?? [];
      return output.map((branch) => branch ?? []);
    } finally {
      await workflow.expression.releaseIsolate();
    }
  }

  /** The trigger's hooks and its webhook over one static data, as n8n keeps it between them. */
  trigger(node: NodeUnderTest, { test = false, staticData = {} as StaticData } = {}) {
    const mode: WorkflowExecuteMode = test ? 'manual' : 'trigger';
    const inOne = async <Result>(
      steps: (call: (method: Hook) => Promise<boolean>) => Promise<Result>,
    ): Promise<Result> => {
      const workflow = this.#workflow(node, staticData);
      const { subject, type, webhookData } = triggerOf(this.#nodeTypes, workflow, test);
      const [ad, activation] = [this.#additionalData(), test ? 'manual' : 'activate'] as const;
      const context = new core.HookContext(workflow, subject, ad, mode, activation, webhookData);
      const methods = type.webhookMethods?.default;
      if (!methods) throw new Error('the trigger has no webhook methods');
      const outcome = await steps((method) => methods[method].call(context));
      Object.assign(staticData, JSON.parse(JSON.stringify(workflow.staticData)));
      return outcome;
    };
    const hook = (method: Hook) => inOne((call) => call(method));
    /** As n8n registers a trigger: once in a process, and cleared up after a failure. Says what failed, and what failed then. */
    const register = () =>
      inOne(async (call) => {
        const errors: Error[] = [];
        const caught = (error: Error) => void errors.push(error);
        await (async () => (await call('checkExists')) || (await call('create')))().catch(caught);
        if (errors.length > 0) await call('delete').catch(caught);
        return errors.map(({ message }) => message);
      });
    return {
      url: `${this.#webhooks}/webhook${test ? '-test' : ''}/w1/${encodeURIComponent('subject')}/webhook`,
      staticData,
      checkExists: () => hook('checkExists'),
      create: () => hook('create'),
      delete: () => hook('delete'),
      register,
      deliver: (delivery: Delivery) => this.#deliver(this.#workflow(node, staticData), delivery, test),
    };
  }

  /** What a resource locator's list shows. */
  async list(node: NodeUnderTest, method: string, filter?: string): Promise<INodeListSearchResult> {
    const workflow = this.#workflow(node);
    const subject = only(workflow);
    const search = this.#nodeTypes.getByNameAndVersion(subject.type, 1).methods?.listSearch?.[method];
    if (!search) throw new Error(`the node has no list search ${method}`);
    const additionalData = this.#additionalData({ currentNodeParameters: node.parameters });
    return await search.call(new core.LoadOptionsContext(workflow, subject, additionalData, 'p'), filter);
  }

  /** The descriptions of all nodes, as n8n has them after loading. */
  get nodes(): INodeType[] {
    return this.#loader.types.nodes.map(({ name }) =>
      n8n.NodeHelpers.getVersionedNodeType(this.#loader.getNode(name).type),
    );
  }

  async #deliver(workflow: Workflow, { body, headers }: Delivery, test: boolean): Promise<DeliveryOutcome> {
    const { subject, type, webhookData } = triggerOf(this.#nodeTypes, workflow, test);
    const outcome = { status: 200, answer: undefined as unknown };
    const httpResponse = {
      status(code: number) {
        outcome.status = code;
        return httpResponse;
      },
      json(answer: unknown) {
        outcome.answer = answer;
        return httpResponse;
      },
    };
    const httpRequest = { method: 'POST', headers, rawBody: body, body: parsed(body), query: {}, params: {} };
    const additionalData = this.#additionalData({ httpRequest, httpResponse } as unknown as IDataObject);
    const mode: WorkflowExecuteMode = test ? 'manual' : 'webhook';
    const context = new core.WebhookContext(workflow, subject, additionalData, mode, webhookData, [], null);
    const result: IWebhookResponseData = (await type.webhook?.call(context)) ?? {};
    if (!result.noWebhookResponse) outcome.answer = result.webhookResponse;
    const items = result.workflowData?.[0];
    return { ...outcome, items: items?.map(({ json }) => json) ?? null, files: items?.[0]?.binary };
  }

  #workflow(node: NodeUnderTest, staticData: StaticData = {}): Workflow {
    const json = workflowJson(node);
    return new n8n.Workflow({ ...json, id: 'w1', active: false, nodeTypes: this.#nodeTypes, staticData });
  }

  #additionalData(more: IDataObject = {}): IWorkflowExecuteAdditionalData {
    const addresses = Object.fromEntries(
      ['form', 'formWaiting', 'formTest', 'webhookWaiting', 'mcp', 'mcpTest'].map((name) => [
        `${name}BaseUrl`,
        `${this.#webhooks}/${name}`,
      ]),
    );
    return {
      ...addresses,
      credentialsHelper: this.#credentials,
      currentNodeExecutionIndex: 0,
      variables: {},
      webhookBaseUrl: `${this.#webhooks}/webhook`,
      webhookTestBaseUrl: `${this.#webhooks}/webhook-test`,
      restApiUrl: `${this.#webhooks}/rest`,
      instanceBaseUrl: `${this.#webhooks}/`,
      setExecutionStatus: () => undefined,
      sendDataToUI: () => undefined,
      logAiEvent: () => undefined,
      ...more,
    } as unknown as IWorkflowExecuteAdditionalData;
  }
}

function workflowJson({ type, name = 'subject', parameters, onError }: NodeUnderTest) {
  const node: INode = {
    id: 'node-1',
    name,
    type: `n8n-nodes-eldoleado-whatsapp.${type}`,
    typeVersion: 1,
    position: [0, 0],
    parameters: structuredClone(parameters) as INode['parameters'],
    credentials: { [CREDENTIAL]: { id: '1', name: 'connector' } },
    ...(onError ? { onError } : {}),
  };
  return {
    name: 'w',
    nodes: [node],
    connections: {},
    active: false,
    isArchived: false,
    settings: { executionOrder: 'v1' as const },
    createdAt: new Date(0),
    updatedAt: new Date(0),
    activeVersionId: null,
    versionId: 'v1',
  };
}

function only(workflow: Workflow): INode {
  const [node] = Object.values(workflow.nodes);
  if (!node) throw new Error('the workflow has no node');
  return node;
}

function triggerOf(nodeTypes: INodeTypes, workflow: Workflow, test: boolean) {
  const subject = only(workflow);
  const type = nodeTypes.getByNameAndVersion(subject.type, 1);
  const webhookDescription = type.description.webhooks?.[0];
  if (!webhookDescription) throw new Error('the node has no webhook');
  const webhookData = {
    webhookDescription,
    isTest: test,
    path: 'webhook',
    httpMethod: 'POST',
    node: subject.name,
  } as unknown as IWebhookData;
  return { subject, type, webhookData };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    // n8n hands on what it could not parse as text.
    return body.toString();
  }
}
