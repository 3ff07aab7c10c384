import { NodeOperationError, type IExecuteFunctions } from 'n8n-workflow';

interface Time {
  isValid: boolean;
  toMillis(): number;
}
interface Clock {
  fromISO(text: string, options: { zone: string }): Time;
}

/**
 * A point in time as the runtime takes it: ms since 1970. n8n gives text without a time zone, meant in the workflow's own;
 * expressions give all that stands for a time.
 */
export function millisecondsOf(context: IExecuteFunctions, value: unknown, name: string, itemIndex: number): number {
  const time = read(context, value, itemIndex);
  if (time !== null && Number.isFinite(time)) return time;
  throw new NodeOperationError(context.getNode(), `"${name}" is no date and time: ${String(value)}`, {
    description: 'Choose one, or use an expression such as {{ $now.plus({ hours: 2 }) }}.',
    itemIndex,
  });
}

function read(context: IExecuteFunctions, value: unknown, itemIndex: number): number | null {
  if (typeof value === 'number') return value;
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'object' && value !== null && 'toMillis' in value) return (value as Time).toMillis();
  if (typeof value !== 'string') return null;
  // n8n lends expressions its clock; this package brings none of its own.
  const { DateTime } = context.getWorkflowDataProxy(itemIndex) as unknown as { DateTime: Clock };
  const time = DateTime.fromISO(value.trim().replace(' ', 'T'), { zone: context.getTimezone() });
  return time.isValid ? time.toMillis() : null;
}
