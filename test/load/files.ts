/**
 * `npm run bench:files [-- --count 10 --megabytes 64]`: so many documents uploaded to one runtime at once, then sent, as one line of
 * JSON: how far its memory rose above what it was before. The runtime is a process of its own; the sandbox, which keeps
 * the files in memory, is not counted. Reads /proc, so on Linux only.
 */
import { createHash, randomBytes } from 'node:crypto';
import { CrashStage, SESSION } from '../support/crash-stage.ts';
import { eventually } from '../support/deadline.ts';
import { residentBytes, toMegabytes } from '../support/memory.ts';

const option = (name: string, byDefault: number) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? byDefault : Number(process.argv[at + 1]);
};
const COUNT = option('count', 10);
const BYTES = option('megabytes', 64) * 1024 * 1024;
/** Buffers of the streams, the heap's slack: far below what the files together would take. */
const MOST_RISE = 200 * 1024 * 1024;
const DEADLINE_MS = 300_000;
const SAMPLE_MS = 50;
const FIRST_PHONE = 15_550_104_001;

const stage = await CrashStage.open({ trustMedia: true });
const rss = () => residentBytes(stage.pid);

const phones = Array.from({ length: COUNT }, (_none, at) => String(FIRST_PHONE + at));
for (const phone of phones) await stage.known(phone);
const file = randomBytes(BYTES);
const hash = createHash('sha256').update(file).digest('hex');
const before = await rss();
let peak = before;
const sampling = setInterval(() => void rss().then((now) => (peak = Math.max(peak, now))), SAMPLE_MS);
const began = performance.now();

const ids = await Promise.all(
  phones.map(async (phone) => {
    const form = new FormData();
    for (const [name, value] of [
      ['sessionId', SESSION],
      ['to', phone],
      ['humanize', 'false'],
    ] as const)
      form.append(name, value);
    form.append('file', new Blob([file]), 'large.bin');
    return (await stage.upload('/messages/document', form)).messageId;
  }),
);
const acceptedMs = performance.now() - began;
const accepted = peak;
const arrived = () =>
  phones.flatMap((phone) => stage.sandbox.contact(phone).screen.filter(({ kind }) => kind === 'document'));
const rows = await eventually(DEADLINE_MS, 'all documents', arrived, (all) => all.length === COUNT);
const sentMs = performance.now() - began;
clearInterval(sampling);

let whole = 0;
for (const row of rows) {
  if (
    createHash('sha256')
      .update(await row.file())
      .digest('hex') === hash &&
    ids.includes(row.messageId)
  )
    whole += 1;
}
await stage.close();
const ok = whole === COUNT && peak - before < MOST_RISE;
const memory = {
  beforeMb: toMegabytes(before),
  acceptedMb: toMegabytes(accepted),
  peakMb: toMegabytes(peak),
  riseMb: toMegabytes(peak - before),
  mostRiseMb: toMegabytes(MOST_RISE),
};
const took = { acceptedMs: Math.round(acceptedMs), sentMs: Math.round(sentMs) };
process.stdout.write(
  `${JSON.stringify({ count: COUNT, megabytes: toMegabytes(BYTES), whole, ...memory, ...took, ok })}\n`,
);
process.exit(ok ? 0 : 1);
