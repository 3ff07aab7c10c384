// One configuration for the whole repository. Three parts: n8n's community rules for the package n8n loads, the house's
// size and type rules for the runtime, and the dependency directions of architecture.md 4 as errors.
import js from '@eslint/js';
import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import n8nBase from 'eslint-plugin-n8n-nodes-base';
import regexp from 'eslint-plugin-regexp';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const src = (room) => `./runtime/src/${room}`;
const UPPER = ['directory', 'outbox', 'inbox', 'webhook', 'watchdog', 'protocol-monitor'];
const LOWER = ['session', 'proxy', 'pacing', 'attachments', 'contacts', 'cluster'];
const LEAVES = [
  'config.ts',
  'errors.ts',
  'events.ts',
  'file-errors.ts',
  'ids.ts',
  'log.ts',
  'message-shapes.ts',
  'metrics.ts',
  'proxy-address.ts',
  'proxy-list.ts',
  'seal.ts',
  'sealed-file.ts',
  'store-errors.ts',
  'time.ts',
  'webhook-errors.ts',
];
const TOP = ['api', 'app.ts', 'main.ts', 'demo'];

/** Imports go down main > app > api > upper rooms > lower rooms > store > leaves, never sideways, never up. */
const zones = [
  { target: LEAVES.map(src), from: [...TOP, ...UPPER, ...LOWER, 'store'].map(src), message: 'A leaf imports no room.' },
  { target: src('store'), from: [...TOP, ...UPPER, ...LOWER].map(src), message: 'store is below the rooms.' },
  ...LOWER.map((room) => ({
    target: src(room),
    from: [...TOP, ...UPPER, ...LOWER.filter((other) => other !== room)].map(src),
    message: 'Rooms on one step do not import each other; app.ts hands functions across.',
  })),
  ...UPPER.map((room) => ({
    target: src(room),
    from: [...TOP, ...UPPER.filter((other) => other !== room)].map(src),
    message: 'Rooms on one step do not import each other; app.ts hands functions across.',
  })),
  { target: src('api'), from: ['app.ts', 'main.ts', 'demo'].map(src), message: 'api is below app and main.' },
  { target: src('app.ts'), from: ['main.ts', 'demo'].map(src), message: 'app is below main.' },
  { target: './runtime/sandbox', from: './runtime/src', message: 'The sandbox is an independent witness.' },
  {
    target: [...UPPER, ...LOWER, 'store', 'api', 'app.ts', ...LEAVES].map(src),
    from: './runtime/sandbox',
    message: 'Only the sandbox and demo commands start a sandbox.',
  },
  { target: ['./nodes', './credentials'], from: ['./runtime', './test'], message: 'The contract is HTTP.' },
];

/** Each library has one owner room. */
const owned = {
  '@whiskeysockets/baileys': ['session', 'inbox', '../sandbox'],
  fastify: ['api'],
  '@fastify/multipart': ['api'],
  '@fastify/swagger': ['api'],
  'node:sqlite': ['store'],
  ioredis: ['store', 'cluster'],
  socks: ['proxy'],
  'agent-base': ['proxy'],
  standardwebhooks: ['webhook', 'demo'],
};
const foreign = (room) =>
  Object.entries(owned)
    .filter(([, rooms]) => !rooms.includes(room))
    .map(([name, rooms]) => ({ name, message: `Only ${rooms.join(' and ')} may import it.` }));
/** Other rooms are entered by their door file (outbox/outbox.ts); within a room any file may be imported. */
const doors = [...UPPER, ...LOWER, 'store', 'api'].map((room) => ({
  regex: `^\\.\\./(?:src/)?${room}/(?!${room}\\.ts$)`,
  message: `Enter ${room} through ${room}/${room}.ts.`,
}));
const roomRules = ['api', 'store', 'demo', ...UPPER, ...LOWER].map((room) => ({
  files: [`runtime/src/${room}/**/*.ts`],
  rules: { 'no-restricted-imports': ['error', { paths: foreign(room), patterns: doors }] },
}));

export default defineConfig(
  globalIgnores(['dist/', 'output/', 'runtime/dist/', 'node_modules/', '**/*.cjs']),
  {
    files: ['runtime/**/*.ts', 'test/**/*.ts'],
    extends: [js.configs.recommended, tseslint.configs.strict],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver({ project: ['runtime', 'test'] })] },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones, basePath: import.meta.dirname }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
      'no-console': 'error',
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true }],
      complexity: ['error', 12],
      eqeqeq: 'error',
    },
  },
  {
    // The sandbox's page, as browsers run it; the compiler knows what a browser has.
    files: ['runtime/sandbox/page/*.js'],
    extends: [js.configs.recommended],
    rules: { 'no-undef': 'off', 'max-lines': ['error', { max: 300 }], complexity: ['error', 12], eqeqeq: 'error' },
  },
  {
    files: ['runtime/src/**/*.ts'],
    ignores: ['runtime/src/main.ts'],
    rules: { 'no-restricted-globals': ['error', { name: 'process', message: 'Only main.ts touches process.' }] },
  },
  {
    // Texts come from strangers: no pattern may take the square of their length.
    files: ['runtime/**/*.ts', 'nodes/**/*.ts', 'credentials/**/*.ts'],
    plugins: { regexp },
    rules: { 'regexp/no-super-linear-move': 'error', 'regexp/no-super-linear-backtracking': 'error' },
  },
  { files: ['runtime/src/*.ts'], rules: { 'no-restricted-imports': ['error', { paths: foreign('') }] } },
  ...roomRules,
  // A route file is a list of routes with their schemas; each handler is a few lines.
  { files: ['runtime/src/api/*.ts'], rules: { 'max-lines-per-function': 'off' } },
  // A test file is one long list of sentences; its describe blocks are not functions to be split.
  { files: ['test/**/*.ts'], rules: { 'max-lines-per-function': 'off' } },
  {
    files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
    extends: [js.configs.recommended, tseslint.configs.recommended, n8nCommunityNodesPlugin.configs.recommended],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver({ project: '.' })] },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones, basePath: import.meta.dirname }],
      'max-lines': ['error', { max: 300 }],
      '@typescript-eslint/no-explicit-any': 'error',
    },
  },
  {
    files: ['package.json'],
    extends: [n8nCommunityNodesPlugin.configs.recommended],
    languageOptions: { parser: tseslint.parser, parserOptions: { extraFileExtensions: ['.json'] } },
    plugins: { 'n8n-nodes-base': n8nBase },
    rules: { ...n8nBase.configs.community.rules, 'n8n-nodes-base/community-package-json-name-still-default': 'off' },
  },
  {
    files: ['credentials/**/*.ts'],
    plugins: { 'n8n-nodes-base': n8nBase },
    rules: {
      ...n8nBase.configs.credentials.rules,
      // These two want camelCase or a built-in's documentation slug; n8n's own community template turns them off.
      'n8n-nodes-base/cred-class-field-documentation-url-miscased': 'off',
    },
  },
  {
    files: ['nodes/**/*.ts'],
    plugins: { 'n8n-nodes-base': n8nBase },
    rules: {
      ...n8nBase.configs.nodes.rules,
      // These two want the literal ['main'] where n8n's newer rules, above, want NodeConnectionTypes.Main.
      'n8n-nodes-base/node-class-description-inputs-wrong-regular-node': 'off',
      'n8n-nodes-base/node-class-description-outputs-wrong': 'off',
    },
  },
);
