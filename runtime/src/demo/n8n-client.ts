/** What a person does in n8n's editor, over the REST interface the editor uses. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

export interface Credential {
  id: string;
  name: string;
}

export interface WorkflowNode {
  name: string;
  type: string;
  parameters: Record<string, unknown>;
  credentials?: Record<string, Credential>;
  position: [number, number];
}

/** A workflow in which each node is connected to the next, unless it says otherwise. */
export interface NewWorkflow {
  name: string;
  nodes: WorkflowNode[];
  /** By node: for each of its outputs the nodes it leads to. */
  connections?: Record<string, string[][]>;
}

export interface Execution {
  id: string;
  status: string;
  mode: string;
}

interface Publication {
  status: 'in_progress' | 'published' | 'partial' | 'failed' | 'not_published';
  triggers?: { errorMessage?: string | null }[];
}

export class N8nClient {
  readonly url: string;
  readonly owner = { email: 'owner@example.com', password: `Demo-1-${randomBytes(9).toString('base64url')}` };
  #cookie = '';
  readonly #signal: AbortSignal | undefined;

  constructor(url: string, signal?: AbortSignal) {
    this.url = url;
    this.#signal = signal;
  }

  /** Creates the owner of a fresh n8n; everything after is done as that owner. */
  async setUpOwner(): Promise<void> {
    await this.call('POST', '/rest/owner/setup', { ...this.owner, firstName: 'Demo', lastName: 'Owner' });
  }

  async createCredential(name: string, type: string, data: Record<string, string>): Promise<Credential> {
    const { id } = await this.call<{ id: string }>('POST', '/rest/credentials', { name, type, data });
    return { id, name };
  }

  /** What the "Test" of a credential shows. */
  async testCredential(credential: Credential, type: string, data: Record<string, string>) {
    const credentials = { ...credential, type, data };
    return await this.call<{ status: string; message: string }>('POST', '/rest/credentials/test', { credentials });
  }

  /** Saves a new workflow; the first node is its trigger. */
  async createWorkflow({
    name,
    nodes,
    connections = inLine(nodes),
  }: NewWorkflow): Promise<{ id: string; versionId: string; webhookId: string }> {
    const webhookId = randomUUID();
    const saved = nodes.map((node, i) => ({
      id: randomUUID(),
      typeVersion: 1,
      ...node,
      ...(i === 0 ? { webhookId } : {}),
    }));
    const settings = { executionOrder: 'v1' };
    const wired = Object.entries(connections).map(([from, outputs]) => [
      from,
      { main: outputs.map((names) => names.map((node) => ({ node, type: 'main', index: 0 }))) },
    ]);
    const body = { name, nodes: saved, connections: Object.fromEntries(wired), settings };
    const { id, versionId } = await this.call<{ id: string; versionId: string }>('POST', '/rest/workflows', body);
    return { id, versionId, webhookId };
  }

  /** Publishes a workflow and waits until its trigger is registered; rejects with what the trigger says otherwise. */
  async publish({ id, versionId }: { id: string; versionId: string }): Promise<void> {
    await this.call('POST', `/rest/workflows/${id}/activate`, { versionId });
    const publication = await this.#settled(id);
    if (publication.status === 'published') return;
    const reasons = (publication.triggers ?? []).map((trigger) => trigger.errorMessage).filter(Boolean);
    throw new Error(`n8n did not publish the workflow (${publication.status}): ${reasons.join('; ')}`);
  }

  /** Unpublishes a workflow and waits until n8n has let its trigger unsubscribe. */
  async unpublish(id: string): Promise<void> {
    await this.call('POST', `/rest/workflows/${id}/deactivate`, {});
    await this.#settled(id);
  }

  /** The executions of a workflow, the latest first. */
  async executions(workflowId: string): Promise<Execution[]> {
    const filter = encodeURIComponent(JSON.stringify({ workflowId }));
    const { results } = await this.call<{ results: Execution[] }>('GET', `/rest/executions?filter=${filter}`);
    return results;
  }

  /** Any call the editor makes; rejects with n8n's own message. */
  async call<Data = unknown>(method: string, path: string, body?: unknown): Promise<Data> {
    const response = await fetch(this.url + path, {
      method,
      // A push-ref names the editor's window; n8n wants one where it would show progress.
      headers: {
        'content-type': 'application/json',
        'push-ref': 'demo',
        ...(this.#cookie && { cookie: this.#cookie }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: this.#signal ?? null,
    });
    const cookie = response.headers.getSetCookie().find((line) => line.startsWith('n8n-auth='));
    if (cookie) this.#cookie = cookie.split(';')[0] ?? '';
    const answer = (await response.json().catch(() => ({}))) as { data?: Data; message?: string };
    if (!response.ok) throw new Error(`n8n ${method} ${path}: ${response.status} ${answer.message ?? ''}`);
    return answer.data ?? (answer as Data);
  }

  /** The session cookie, for a browser that is to be signed in as the owner. */
  get cookie(): string {
    return this.#cookie;
  }

  /** Publishing and unpublishing go on after n8n has answered; it tries five times over some 16 seconds. */
  async #settled(workflowId: string): Promise<Publication> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const publication = await this.call<Publication>('GET', `/rest/workflows/${workflowId}/publication-status`);
      if (publication.status !== 'in_progress') return publication;
      if (Date.now() > deadline) throw new Error('n8n is still publishing after 60 seconds');
      await delay(100, undefined, { signal: this.#signal });
    }
  }
}

const inLine = (nodes: WorkflowNode[]): Record<string, string[][]> =>
  Object.fromEntries(nodes.slice(1).map(({ name }, i) => [nodes[i]?.name, [[name]]]));
