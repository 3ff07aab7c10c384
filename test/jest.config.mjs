import { spawnSync } from 'node:child_process';

// Projects: pure and runtime code as ES modules (what runs in production), nodes as the CommonJS n8n loads.
const swc = (type) => [
  '@swc/jest',
  { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type }, sourceMaps: 'inline' },
];
// Inline projects would take '.' for the directory jest was started in.
const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  injectGlobals: false,
  // A lookup of a global in jest's realm is slow, and the client's curve does thousands for one signature: 25 times the time.
  sandboxInjectedGlobals: ['Math', 'Float64Array'],
};
const esm = {
  ...shared,
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': swc('es6') },
  testEnvironment: '<rootDir>/support/leak-environment.mjs',
};

/** Every flow is run a second time with all in Redis, but for these. */
const ON_FILES_ONLY = [
  // Goes to Redis and back by itself.
  'migration',
  // What ffmpeg makes of files, and what Prometheus makes of metrics: the store has no part in either.
  'files-made',
  'prometheus',
];
const onRedis = {
  ...esm,
  displayName: 'runtime on Redis',
  testEnvironment: '<rootDir>/support/redis-environment.mjs',
  testMatch: ['<rootDir>/flow/**/*.test.ts'],
  testPathIgnorePatterns: ON_FILES_ONLY.map((name) => `/flow/${name}\\.test\\.ts$`),
};
const hasRedis = process.env.REQUIRE_ALL === '1' || spawnSync('redis-server', ['--version']).status === 0;
if (!hasRedis) onRedis.testMatch = ['<rootDir>/support/no-redis.test.ts'];

export default {
  rootDir: '.',
  reporters: ['default', '<rootDir>/support/result-reporter.mjs'],
  maxWorkers: 2,
  projects: [
    { ...esm, displayName: 'unit', testMatch: ['<rootDir>/unit/**/*.test.ts', '<rootDir>/contract/**/*.test.ts'] },
    onRedis,
    { ...esm, displayName: 'runtime', testMatch: ['<rootDir>/{flow,sandbox,cluster,e2e}/**/*.test.ts'] },
    {
      ...shared,
      displayName: 'nodes',
      testMatch: ['<rootDir>/nodes/**/*.test.ts'],
      transform: { '^.+\\.ts$': swc('commonjs') },
      setupFilesAfterEnv: ['<rootDir>/support/node-timeout.ts'],
    },
  ],
};
