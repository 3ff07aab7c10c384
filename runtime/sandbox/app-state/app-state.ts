/** App state: what an account's devices agree on beside messages. The server keeps it, and cannot read it. */
export { appStateQueries } from './app-state-queries.ts';
export { Collections } from './collections.ts';
export { Settings } from './settings.ts';
export type { ChatOf, ChatView, Label, MessageIn } from './settings.ts';
export { SharedState } from './shared-state.ts';
