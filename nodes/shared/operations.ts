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
/** Operations by resource and operation, named as in the parameters. */
export type Operations = Record<string, Record<string, Operation>>;

/**
 * Runs the chosen operation for every input item, one after the other, so that messages leave in the order of the items.
 * An item that fails stops the node or, when it is set to continue, leaves by itself as an error item.
 */
export async function runOperations(
  context: IExecuteFunctions,
  operations: Operations,
): Promise<INodeExecutionData[][]> {
  const output: INodeExecutionData[] = [];
  for (let itemIndex = 0; itemIndex < context.getInputData().length; itemIndex++) {
    const pairedItem = { item: itemIndex };
    try {
      const results = await chosen(context, operations, itemIndex).call(context, itemIndex);
      output.push(...results.map((result) => ({ ...result, pairedItem })));
    } catch (error) {
      const failure = asNodeError(context, error, itemIndex);
      if (!context.continueOnFail()) throw failure;
      const { message, description } = failure;
      output.push({ json: { error: message, ...(description ? { details: description } : {}) }, pairedItem });
    }
  }
  return [output];
}

function chosen(context: IExecuteFunctions, operations: Operations, itemIndex: number): Operation {
  const resource = context.getNodeParameter('resource', itemIndex) as string;
  const name = context.getNodeParameter('operation', itemIndex) as string;
  const operation = operations[resource]?.[name];
  if (operation) return operation;
  throw new NodeOperationError(context.getNode(), `This node has no operation "${name}" for "${resource}"`, {
    description: 'Choose the operation from the list, or update the package if the workflow was made with a newer one.',
    itemIndex,
  });
}

function asNodeError(
  context: IExecuteFunctions,
  thrown: unknown,
  itemIndex: number,
): NodeApiError | NodeOperationError {
  if (thrown instanceof NodeApiError || thrown instanceof NodeOperationError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new NodeOperationError(context.getNode(), error, { itemIndex });
}
