/** Small real files of the types that are sent, made with ffmpeg. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (name: string) => readFileSync(join(process.cwd(), 'test', 'support', 'samples', name));

export const SAMPLES = {
  jpeg: read('bench.jpg'),
  png: read('bench.png'),
  mp4: read('wave.mp4'),
  mp3: read('tone.mp3'),
  voice: read('voice.ogg'),
};
