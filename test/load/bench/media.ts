/** The memory that large documents take which are sent at once. `npm run bench:files` looks at the same more closely. */
import { randomBytes } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../support/deadline.ts';
import { residentBytes } from '../../support/memory.ts';
import { befriend } from './befriend.ts';
import { residentAfterCollection, sessionName, type Bench, type Host } from './bench.ts';
import type { Measured, Stage } from './scenario.ts';

const FIRST_CONTACT = 15_550_196_000;
const MEGABYTE = 1024 * 1024;
const ARRIVED_WITHIN_MS = 300_000;
const SAMPLE_MS = 50;

interface Load {
  readonly count: number;
  readonly megabytes: number;
}

const contactsOf = ({ count }: Load) => Array.from({ length: count }, (_none, at) => String(FIRST_CONTACT + at));

/** How far the memory of a process rises, MB, until so many documents more are on the contacts' screens. */
async function rise(bench: Bench, load: Load, host: Host, send: () => Promise<unknown>): Promise<number> {
  const arrived = () =>
    contactsOf(load).flatMap((phone) => bench.sandbox.contact(phone).screen.filter(({ kind }) => kind === 'document'))
      .length;
  const expected = arrived() + load.count;
  const before = await residentAfterCollection(host);
  let peak = before;
  const sampling = setInterval(() => {
    void residentBytes(host.pid).then((now) => (peak = Math.max(peak, now)));
  }, SAMPLE_MS);
  try {
    await send();
    await eventually(ARRIVED_WITHIN_MS, 'all documents', arrived, (count) => count === expected);
  } finally {
    clearInterval(sampling);
  }
  return (peak - before) / MEGABYTE;
}

async function upload({ apiUrl, apiKey }: Bench, to: string, file: string): Promise<void> {
  const form = new FormData();
  for (const [name, value] of Object.entries({ sessionId: sessionName(0), to })) form.append(name, value);
  form.append('file', await openAsBlob(file), 'large.bin');
  const headers = { authorization: `Bearer ${apiKey}` };
  const response = await fetch(`${apiUrl}/messages/document`, { method: 'POST', headers, body: form });
  if (!response.ok) throw new Error(`a document was refused: ${await response.text()}`);
  await response.arrayBuffer();
}

async function media(bench: Bench, load: Load): Promise<Measured> {
  const [file, contacts] = [join(bench.directory, 'large.bin'), contactsOf(load)];
  await writeFile(file, randomBytes(load.megabytes * MEGABYTE));
  const bare = await rise(bench, load, bench.bare, () => bench.tellBare({ what: 'send-files', file, to: contacts }));
  const value = await rise(bench, load, bench.runtime, () =>
    Promise.all(contacts.map((to) => upload(bench, to, file))),
  );
  return { value, bare };
}

export const mediaStage = (load: Load): Stage => ({
  async prepare(bench) {
    await bench.startRuntime();
    await bench.startBare();
    await bench.link(1);
    await befriend(bench, contactsOf(load));
  },
  scenarios: [
    {
      name: 'media',
      what: `rise of memory while ${load.count} documents of ${load.megabytes} MB are sent at once`,
      unit: 'MB',
      goals: [{ of: 'value', atMost: 200 }],
      measure: (bench) => media(bench, load),
    },
  ],
});
