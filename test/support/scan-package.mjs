/**
 * `node scan-package.mjs <unpacked package>`: n8n's recommended rules for community nodes over what users would install,
 * as n8n's own package scan applies them before it verifies a package. Prints what they find, as JSON.
 */
import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import { ESLint } from 'eslint';
import { resolve } from 'node:path';
import tseslint from 'typescript-eslint';

const cwd = resolve(process.argv[2]);
const eslint = new ESLint({
  cwd,
  overrideConfigFile: true,
  allowInlineConfig: false,
  overrideConfig: [
    { files: ['**/*.js', 'package.json'], ...n8nCommunityNodesPlugin.configs.recommended },
    { files: ['**/*.js'], languageOptions: { sourceType: 'commonjs' } },
    {
      files: ['package.json'],
      languageOptions: { parser: tseslint.parser, parserOptions: { extraFileExtensions: ['.json'] } },
    },
  ],
});
const results = await eslint.lintFiles(['**/*.js', 'package.json']);
if (results.length < 10) throw new Error(`Only ${results.length} files were looked at in ${cwd}.`);
const findings = results.flatMap(({ filePath, messages }) =>
  messages.map(({ ruleId, message, line }) => `${filePath}:${line} ${ruleId ?? ''} ${message}`),
);
process.stdout.write(JSON.stringify(findings));
