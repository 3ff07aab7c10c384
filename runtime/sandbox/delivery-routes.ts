/** Over the control server: trouble on the way to one number. */
import { ControlError, optional } from './control-route.ts';
import type { Controlled, Field, Given, Route } from './control-route.ts';

const number: Field = { type: 'number', required: false };

function countOf({ count: given }: Given): number | undefined {
  if (given === undefined) return undefined;
  if (!Number.isInteger(given) || Number(given) < 1) throw new ControlError(400, 'count must be a whole number from 1');
  return Number(given);
}

/** The phone is device 0; without a number it is each device of the person. */
function deviceOf({ device }: Given): number | 'each' {
  if (device === undefined) return 'each';
  if (!Number.isInteger(device) || Number(device) < 0)
    throw new ControlError(400, 'device must be a whole number from 0');
  return Number(device);
}

/** `{"error": "479", "count": 1}`; without an error it is called off. */
function refuse({ delivery }: Controlled, phone: string, given: Given): object {
  const { error } = given;
  const times = countOf(given);
  if (error !== undefined && !/^\d{3}$/.test(String(error))) {
    throw new ControlError(400, 'error must be three digits, such as "479"');
  }
  delivery.refuse(
    phone,
    error === undefined ? null : { error: String(error), ...(times !== undefined && { count: times }) },
  );
  return {};
}

function release({ delivery }: Controlled, phone: string, { order }: Given): object {
  if (order !== undefined && order !== 'as sent' && order !== 'reversed') {
    throw new ControlError(400, 'order must be "as sent" or "reversed"');
  }
  return { released: delivery.release(phone, order) };
}

export const deliveryRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/delivery/:phone/refuse',
    about:
      'Messages to this number are refused with an error such as 479, count of them or all; without error no more.',
    fields: { error: optional, count: number },
    handle: refuse,
  },
  {
    method: 'POST',
    path: '/delivery/:phone/repeat',
    about: 'The next messages to this number are delivered twice.',
    fields: { device: number, count: number },
    handle: ({ delivery }, phone, given) => {
      delivery.repeatNext(phone, deviceOf(given), countOf(given));
      return {};
    },
  },
  {
    method: 'POST',
    path: '/delivery/:phone/hold',
    about: 'Messages to this number are kept back.',
    fields: {},
    handle: ({ delivery }, phone) => {
      delivery.hold(phone);
      return {};
    },
  },
  {
    method: 'POST',
    path: '/delivery/:phone/release',
    about: 'Delivers what was kept back, in the order "as sent" or "reversed".',
    fields: { order: optional },
    handle: release,
  },
];
