/** Tests that start processes wait for them; every wait in them has a deadline of its own, shorter than this. */
import { jest } from '@jest/globals';

jest.setTimeout(120_000);
