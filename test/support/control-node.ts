import type { IDataObject } from 'n8n-workflow';
import type { N8nEngine } from './n8n-engine.ts';

/** Session Control on an engine: runs one operation over items that say `session`, and gives what comes out. */
export const controlOn =
  (engine: () => N8nEngine) =>
  async (operation: string, parameters: IDataObject = {}, items: IDataObject[] = [{ session: 'desk' }]) => {
    const session = { __rl: true, mode: 'id', value: '={{ $json.session }}' };
    const node = {
      type: 'whatsAppConnectorSessionControl',
      parameters: { resource: 'session', operation, session, ...parameters },
    };
    return (await engine().run(node, items))[0] ?? [];
  };
