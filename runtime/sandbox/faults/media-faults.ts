/** What goes wrong with files, at the host they are uploaded to and downloaded from. */
import type { MediaFaults } from '../media/media.ts';
import { forEverybody, lasting, type FaultKind, type Settings } from './fault.ts';
import { millisecondsIn, statusIn } from './numbers.ts';
import { overlay } from './overlay.ts';

const onHost = (
  name: string,
  sentence: string,
  settings: Settings,
  change: (settings: Settings) => Partial<MediaFaults>,
): FaultKind =>
  forEverybody(lasting(name, sentence, settings, ({ media }, given) => overlay(media.faults, change(given))));

export const mediaFaults: readonly FaultKind[] = [
  onHost('media-upload-status', 'Every upload is refused with this HTTP status.', { status: 500 }, (given) => ({
    uploadStatus: statusIn(given),
  })),
  onHost('media-download-status', 'Every download is refused with this HTTP status.', { status: 404 }, (given) => ({
    downloadStatus: statusIn(given),
  })),
  onHost('media-truncated', 'Downloads end in the middle.', {}, () => ({ truncate: true })),
  onHost('media-flipped', 'One byte in the middle of every download is another one.', {}, () => ({ flipByte: true })),
  onHost('media-slow', 'Every answer of the media host begins so many ms later.', { ms: 2_000 }, (given) => ({
    delayMs: millisecondsIn(given),
  })),
  onHost('media-hang', 'The media host takes requests and never answers them.', {}, () => ({ hang: true })),
  lasting(
    'media-lost',
    "The account's phone has its files no longer: asked to upload one again that is gone from the host, it says so.",
    {},
    (scene) => {
      const ends = scene.accounts().map((account) => overlay(account, { uploadsAgain: () => null }));
      return () => ends.forEach((end) => end());
    },
  ),
  forEverybody(
    lasting('media-down', 'The media host is down: nothing listens where it was.', {}, ({ media }) => {
      const down = media.goDown();
      return () => void down.then(() => media.comeUp());
    }),
  ),
];
