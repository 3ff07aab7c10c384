/** What is shown below an error of the runtime, to somebody who has never seen its API. */
import { expect, test } from '@jest/globals';
import { adviceOn } from '../../nodes/shared/advice.ts';
import { ALERTS } from '../../runtime/src/watchdog/alerts.ts';
import { ERRORS } from '../../runtime/src/errors.ts';
import { API_TALK } from '../support/operation-world.ts';

test.each(Object.entries(ERRORS))('%s comes with advice in the words of the nodes', (code, { message, hint }) => {
  const shown = `${message} ${adviceOn(code, hint)}`;
  expect(adviceOn(code, hint)).toMatch(/\w/);
  expect(shown).not.toMatch(API_TALK);
});

test('what the nodes have no words of their own for keeps those of the runtime', () => {
  expect(adviceOn('of a newer runtime', 'Look there.')).toBe('Look there.');
  expect(adviceOn('of a newer runtime')).toBe('');
});

test.each(Object.entries(ALERTS))('the alert %s, which starts workflows, is in plain words', (_code, message) => {
  expect(message).not.toMatch(API_TALK);
});
