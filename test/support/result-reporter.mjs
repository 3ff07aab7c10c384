import { mkdirSync, writeFileSync } from 'node:fs';

/** Leaves the runner's own counts where .ci/run reads its closing line from. */
export default class ResultReporter {
  onRunComplete(_contexts, results) {
    mkdirSync(new URL('../../output/', import.meta.url), { recursive: true });
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed` + (skipped ? `, ${skipped} skipped` : '');
    writeFileSync(new URL('../../output/test-result.txt', import.meta.url), `${line}\n`);
  }
}
