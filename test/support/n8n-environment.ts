/** What n8n's modules read while they load; imported before them. Nothing of the user's own n8n is touched. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';

process.env.N8N_USER_FOLDER ??= mkdtempSync(join(tmpdir(), 'n8n-engine-'));
process.env.N8N_ENCRYPTION_KEY ??= 'of-this-test-only';
process.env.N8N_EXPRESSION_ENGINE ??= 'legacy';
process.env.N8N_LOG_LEVEL ??= 'silent';
