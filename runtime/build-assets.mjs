/** After the compiler: what the sandbox reads at run time, beside the code that reads it. */
import { cpSync } from 'node:fs';

const SOURCE = /\.ts$|tsconfig\.json$/;
cpSync('sandbox', 'dist/sandbox', { recursive: true, filter: (file) => !SOURCE.test(file) });
