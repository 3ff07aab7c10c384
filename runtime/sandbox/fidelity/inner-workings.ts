/** Methods of the client's socket that are its own works: nothing of them is the server's to answer by itself. */
export const INNER_WORKINGS: readonly string[] = [
  // What every other method sends and waits with.
  'generateMessageTag',
  'query',
  'sendNode',
  'sendRawMessage',
  'waitForConnectionUpdate',
  'waitForMessage',
  'waitForSocketOpen',
  // The connection's own life.
  'end',
  'onUnexpectedError',
  'registerSocketEndHandler',
  'updateServerTimeOffset',
  // Steps of sending and receiving, which the client takes by itself.
  'createParticipantNodes',
  'sendMessageAck',
  'sendRetryRequest',
  'upsertMessage',
];
