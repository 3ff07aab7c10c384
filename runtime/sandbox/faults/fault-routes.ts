/** Over the control server: what can go wrong, what goes wrong now, and making it so. */
import { ControlError, optional, refusing, required } from '../control-route.ts';
import type { Given, Route } from '../control-route.ts';
import { FAULTS } from './registry.ts';
import type { ActiveFault, Settings } from './registry.ts';

const shown = ({ id, name, phone, settings }: ActiveFault) => ({ id, name, phone, settings });

/** Everything beside the name and the phone number is a setting of the fault. */
function settingsOf({ settings }: Given): Settings {
  return (settings ?? {}) as Settings;
}

export const faultRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/faults',
    about: 'Everything that can go wrong, with what each fault takes, and what goes wrong now.',
    fields: {},
    handle: ({ trouble }) => ({
      faults: FAULTS.map(({ begin: _, ...kind }) => kind),
      active: [...trouble.active.values()].map(shown),
    }),
  },
  {
    method: 'POST',
    path: '/faults',
    about: 'Begins a fault by its name, for one account or for all.',
    fields: { name: required, phone: optional, settings: { type: 'object', required: false } },
    handle: ({ trouble }, _subject, given) =>
      refusing(() => {
        const { name, phone } = given;
        const request = { name: String(name), settings: settingsOf(given) };
        const fault = trouble.begin(phone === undefined ? request : { ...request, phone: String(phone) });
        return { fault: fault && shown(fault) };
      }),
  },
  {
    method: 'POST',
    path: '/faults/:fault/stop',
    about: 'Ends a fault that lasts.',
    fields: {},
    handle: ({ trouble }, id) => {
      const fault = trouble.active.get(id);
      if (!fault) throw new ControlError(404, `no fault ${id} lasts at the moment`);
      fault.stop();
      return {};
    },
  },
];
