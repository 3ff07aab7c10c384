import type { INodeProperties } from 'n8n-workflow';

/** How quickly messages are written; the runtime's profiles. */
export const pace: INodeProperties = {
  displayName: 'Pace',
  name: 'humanization',
  type: 'options',
  default: 'normal',
  options: [
    { name: 'Fast', value: 'fast', description: 'Someone who types quickly' },
    { name: 'Instant', value: 'instant', description: 'No waiting; the limits that protect the account still hold' },
    { name: 'Normal', value: 'normal', description: 'Someone in no hurry' },
    { name: 'Slow', value: 'slow', description: 'Someone who takes their time' },
  ],
  description: 'How quickly messages are written, instead of how the session or the runtime would do it otherwise',
};
