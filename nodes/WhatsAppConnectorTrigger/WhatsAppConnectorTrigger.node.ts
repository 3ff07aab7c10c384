import {
  NodeConnectionTypes,
  type IHookFunctions,
  type INodeType,
  type INodeTypeDescription,
  type IWebhookFunctions,
  type IWebhookResponseData,
} from 'n8n-workflow';
import { readEvent, toItem } from '../shared/event';
import { searchSessions } from '../shared/session-locator';
import { properties } from './description';
import { fileOf } from './media';
import { passes, type EventFilter } from './event';
import { markRead } from './mark-read';
import { isRepeat, remember } from './repeats';
import { faultOf } from './signature';
import { isSubscribed, registering, secretOf, subscribe, unsubscribe } from './subscription';

export class WhatsAppConnectorTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'WhatsApp Connector Trigger',
    name: 'whatsAppConnectorTrigger',
    icon: { light: 'file:../../icons/whatsapp-connector.svg', dark: 'file:../../icons/whatsapp-connector.dark.svg' },
    group: ['trigger'],
    version: 1,
    subtitle: '={{ $parameter["events"].join(", ") }}',
    description: 'Starts the workflow when something happens on WhatsApp, such as a message arriving',
    defaults: { name: 'WhatsApp Connector Trigger' },
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'whatsAppConnectorApi', required: true }],
    webhooks: [
      {
        name: 'default',
        httpMethod: 'POST',
        path: 'webhook',
        responseMode: 'onReceived',
        // With empty response data n8n answers what webhook() returns, and only once the execution is stored: an event is
        // acknowledged when it can no longer be lost.
        responseData: '',
        ndvHideUrl: true,
      },
    ],
    eventTriggerDescription: 'Waiting for WhatsApp...',
    activationMessage: 'The workflow now starts whenever one of the chosen events happens on WhatsApp.',
    triggerPanel: {
      header: 'Listen for WhatsApp events',
      executionsHelp: {
        inactive:
          'While building, click the button above, then send a message to the WhatsApp account. Once it works, publish the workflow: from then on it runs by itself and the executions are in the executions list.',
        active:
          'While building, click the button above, then send a message to the WhatsApp account. The workflow is published too, so it also runs by itself; those executions are in the executions list.',
      },
      activationHint: 'Once the workflow is ready, publish it to have it run by itself.',
    },
    properties,
  };

  methods = { listSearch: { searchSessions } };

  webhookMethods = {
    default: {
      async checkExists(this: IHookFunctions): Promise<boolean> {
        return await registering(this, () => isSubscribed(this));
      },
      async create(this: IHookFunctions): Promise<boolean> {
        await registering(this, () => subscribe(this));
        return true;
      },
      async delete(this: IHookFunctions): Promise<boolean> {
        await unsubscribe(this);
        return true;
      },
    },
  };

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    const secret = secretOf(this);
    const { rawBody } = this.getRequestObject();
    const fault =
      secret === undefined
        ? 'This trigger holds no secret for this address. Publish the workflow again.'
        : faultOf({ headers: this.getHeaderData(), rawBody: rawBody ?? Buffer.alloc(0) }, secret, Date.now() / 1000);
    if (fault) return refuse(this, 401, fault);
    const event = readEvent(this.getBodyData());
    if (!event) return refuse(this, 400, 'The body is not an event.');
    const options = this.getNodeParameter('options', {}) as EventFilter & Handling;
    if (!passes(event, options, Date.now())) return {};
    if (options.ignoreRepeats && isRepeat(this, event.id)) return {};
    if (options.markRead) await markRead(this, event);
    const item = { json: toItem(event), ...(options.downloadMedia && (await fileOf(this, event))) };
    if (options.ignoreRepeats) remember(this, event.id);
    return { workflowData: [[item]], webhookResponse: { received: true } };
  }
}

/** What is done with an event that starts the workflow. */
interface Handling {
  downloadMedia?: boolean;
  ignoreRepeats?: boolean;
  markRead?: boolean;
}

/** Answers without starting the workflow; the reason shows in the runtime's delivery log. */
function refuse(context: IWebhookFunctions, status: number, reason: string): IWebhookResponseData {
  context.getResponseObject().status(status).json({ message: reason });
  return { noWebhookResponse: true };
}
