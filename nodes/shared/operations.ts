import {
  NodeApiError,
  NodeOperationError,
  type IBinaryKeyData,
  type IDataObject,
  type IExecuteFunctions,
  type INodeExecutionData,
} from 'n8n-workflow';

/** What an operation gives for one input item. */
export interface OperationResult {
  json: IDataObject;
  binary?: IBinaryKeyData;
}
export type Operation = (this: IExecuteFunctions, itemIndex: number) => Promise<OperationResult[]>;
/** An operation that makes one thing of many items, and says of which. */
export interface JointOperation {
  together: (this: IExecuteFunctions, itemIndexes: number[]) => Promise<(OperationResult & { of: number[] })[]>;
}
/** Operations by resource and operation, named as in the parameters. */
export type Operations = Record<string, Record<string, Operation | JointOperation>>;

/**
 * Runs the chosen operation for every input item, one after the other, so that messages leave in the order of the items.
 * An item that fails stops the node or, when it is set to continue, leaves by itself as an error item.
 */
export async function runOperations(
  context: IExecuteFunctions,
  operations: Operations,
): Promise<INodeExecutionData[][]> {
  const output: INodeExecutionData[] = [];
  const attempt = async (items: number[], run: () => Promise<INodeExecutionData[]>) => {
    try {
      output.push(...(await run()));
    } catch (error) {
      const failure = asNodeError(context, error, items[0]);
      if (!context.continueOnFail()) throw failure;
      const { message, description } = failure;
      const json = { error: message, ...(description && { details: description }) };
      output.push({ json, pairedItem: paired(items) });
    }
  };
  const items = context.getInputData().map((_, itemIndex) => itemIndex);
  const operation = chosen(context, operations);
  if ('together' in operation) {
    await attempt(items, async () => {
      const results = await operation.together.call(context, items);
      return results.map(({ of, ...result }) => ({ ...result, pairedItem: paired(of) }));
    });
    return [output];
  }
  for (const itemIndex of items) {
    await attempt([itemIndex], async () => {
      const results = await operation.call(context, itemIndex);
      return results.map((result) => ({ ...result, pairedItem: paired([itemIndex]) }));
    });
  }
  return [output];
}

const paired = (items: number[]): INodeExecutionData['pairedItem'] =>
  items.length === 1 ? { item: items[0] as number } : items.map((item) => ({ item }));

/** Resource and operation are the same for all items: n8n takes no expression there. */
function chosen(context: IExecuteFunctions, operations: Operations): Operation | JointOperation {
  const resource = context.getNodeParameter('resource', 0) as string;
  const name = context.getNodeParameter('operation', 0) as string;
  const operation = operations[resource]?.[name];
  if (operation) return operation;
  throw new NodeOperationError(context.getNode(), `This node has no operation "${name}" for "${resource}"`, {
    description: 'Choose the operation from the list, or update the package if the workflow was made with a newer one.',
  });
}

function asNodeError(
  context: IExecuteFunctions,
  thrown: unknown,
  itemIndex: number | undefined,
): NodeApiError | NodeOperationError {
  if (thrown instanceof NodeApiError || thrown instanceof NodeOperationError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new NodeOperationError(context.getNode(), error, { itemIndex });
}
