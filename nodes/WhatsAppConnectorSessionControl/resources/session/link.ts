import type { IBinaryKeyData, IDataObject, IDisplayOptions, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { callApi, callApiUnless, pathTo, type Session } from '../../../shared/api';
import type { OperationResult } from '../../../shared/operations';
import { sessionIdOf } from '../../../shared/session-locator';
import { pictureOf, type QrCode } from './qr-picture';

const displayOptions: IDisplayOptions = { show: { resource: ['session'], operation: ['link'] } };
/** Nothing goes on by itself in these; a linked session that is one of them is connected again with "Reconnect". */
const AT_REST = ['disconnected', 'replaced', 'logged_out', 'banned', 'failed'];
/** What is to be told to somebody who waits for a link. */
const TOLD = ['qr', 'connected', ...AT_REST];
const DEFAULT_SECONDS = 60;

export const linkProperties: INodeProperties[] = [
  {
    displayName:
      'This gives the QR code at once. Show or send the image to whoever has the phone, then use "Link" again with the "qr" of the first one under "Code Already Shown": it waits until the account is linked, or gives the next code.',
    name: 'linkNotice',
    type: 'notice',
    default: '',
    displayOptions,
  },
  {
    displayName: 'Code Already Shown',
    name: 'shownCode',
    type: 'string',
    default: '',
    placeholder: "e.g. {{ $('Link').item.json.qr }}",
    hint: 'Empty the first time. With it, the node waits until this code was scanned or has expired.',
    displayOptions,
  },
  {
    displayName: 'Wait at Most (Seconds)',
    name: 'timeout',
    type: 'number',
    typeOptions: { minValue: 1, maxValue: 120 },
    default: DEFAULT_SECONDS,
    description: 'When time is up the node goes on with the outcome there is',
    displayOptions,
  },
];

type Outcome = 'linked' | 'scan' | 'expired' | 'refused' | 'waiting';

/**
 * One step of linking: a code nobody has seen yet, as an image, or what became of the one that was shown. A session at rest is
 * woken, but only when no code was shown: otherwise that it rests is the outcome.
 */
export async function linkSession(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const sessionId = sessionIdOf(this, itemIndex);
  const shown = String(this.getNodeParameter('shownCode', itemIndex, '') ?? '').trim();
  const until = Date.now() + Number(this.getNodeParameter('timeout', itemIndex, DEFAULT_SECONDS)) * 1_000;
  const secondsLeft = () => Math.ceil(Math.max(0, until - Date.now()) / 1_000);
  const wait = (statuses: string[], timeout: number) =>
    callApi<Session>(this, {
      ...{ method: 'GET', path: pathTo('sessions', sessionId, 'wait'), itemIndex },
      query: { status: statuses.join(','), timeout: Math.min(timeout, secondsLeft()) },
    });
  const told = (outcome: Outcome, session: IDataObject, code?: QrCode, binary?: IBinaryKeyData) => {
    const { status, reason, phone = null } = session;
    const linked = outcome === 'linked';
    const json = { sessionId, outcome, linked, status, reason, phone };
    return [{ json: { ...json, qr: code?.qr ?? null, expiresIn: code?.expiresIn ?? null }, ...(binary && { binary }) }];
  };

  let woken = shown !== '';
  for (;;) {
    const session = await wait(TOLD, DEFAULT_SECONDS);
    if (session.status === 'connected') return told('linked', session);
    if (AT_REST.includes(session.status)) {
      if (woken) return told(isExpired(session) ? 'expired' : 'refused', session);
      woken = true;
      await callApi(this, { method: 'POST', path: pathTo('sessions', sessionId, 'reconnect'), itemIndex });
    } else if (session.status === 'qr') {
      const code = await codeOf(this, sessionId, itemIndex);
      if (code && code.qr !== shown)
        return told('scan', session, code, { data: await pictureOf(this, code, sessionId) });
      // One second more than the code lasts, so that the next one is there.
      await wait(['pairing', 'connected', ...AT_REST], (code?.expiresIn ?? 0) + 1);
    }
    if (secondsLeft() === 0) return told('waiting', session);
  }
}

const isExpired = ({ reason }: Session) => (reason as IDataObject | undefined)?.code === 'qr_expired';

/** Null when the code was scanned, or its time was up, just now. */
const codeOf = async (context: IExecuteFunctions, sessionId: string, itemIndex: number) =>
  callApiUnless<QrCode>('qr_not_available', context, {
    ...{ method: 'GET', path: pathTo('sessions', sessionId, 'qr'), itemIndex },
  });
