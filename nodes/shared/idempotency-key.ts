import { createHash } from 'node:crypto';
import type { IExecuteFunctions } from 'n8n-workflow';

/**
 * The same for a retry of this node, different for everything else: the run tells the rounds of a loop apart, the
 * instance and the workflow two n8n that count their executions alike. `more` tells apart what one item causes.
 */
export function keyOf(context: IExecuteFunctions, itemIndex: number, ...more: string[]): string {
  const run = context.getWorkflowDataProxy(itemIndex).$runIndex as number;
  const parts = [context.getInstanceId(), context.getWorkflow().id, context.getExecutionId(), context.getNode().id];
  return `n8n-${createHash('sha256')
    .update([...parts, run, itemIndex, ...more].join('\n'))
    .digest('hex')
    .slice(0, 40)}`;
}
