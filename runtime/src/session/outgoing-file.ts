/** Messages that carry a file, in the client's terms: it encrypts the bytes, uploads them, and says where they are. */
import { proto, type AnyMessageContent } from '@whiskeysockets/baileys';
import type { Readable } from 'node:stream';
import type { FileContent } from '../content.ts';

/** What is left undefined here the client would work out for itself, from a copy of the file in clear in /tmp. */
export function fileContent(content: FileContent, stream: Readable): AnyMessageContent {
  const { kind, file, fileName } = content;
  const { mimetype, width, height, waveform } = file;
  const { caption, mentions, viewOnce } = content;
  const said = { mimetype, ...given({ caption, mentions, viewOnce, width, height }) };
  const jpegThumbnail = file.thumbnail ?? NOTHING;
  const seconds = file.seconds ?? 0;
  switch (kind) {
    case 'image':
      return { ...said, image: { stream }, jpegThumbnail };
    case 'video': {
      const shown = given({ gifPlayback: content.gif ?? file.loops, ptv: content.note });
      return { ...said, ...shown, video: { stream }, seconds, jpegThumbnail };
    }
    case 'audio':
      return { ...said, audio: { stream }, seconds };
    case 'voice': {
      const drawn = { waveform: waveform === undefined ? NOTHING : Buffer.from(waveform, 'base64') };
      return { ...said, ...drawn, audio: { stream }, seconds, ptt: true };
    }
    case 'document':
      return { ...said, document: { stream }, fileName: fileName ?? 'file' };
    case 'sticker':
      return { ...said, ...given({ isAnimated: file.animated }), sticker: { stream } };
    default:
      return kind satisfies never;
  }
}

/** Without what is undefined: the client takes a field that is there for one that was given. */
function given<Fields extends object>(fields: Fields): { [Field in keyof Fields]?: NonNullable<Fields[Field]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields &
    object as never;
}

/** The field stays away: an empty picture would be shown as a broken one. */
const NOTHING = null as unknown as string;

/** The client wraps all that is shown once as phones did years ago; they have a wrapping for voice and one for the rest now. */
export function shownOnce({ viewOnceMessage, ...rest }: proto.Message): proto.Message {
  const message = viewOnceMessage?.message;
  if (!message) return proto.Message.create({ ...rest, viewOnceMessage });
  const wrapping = message.audioMessage ? 'viewOnceMessageV2Extension' : 'viewOnceMessageV2';
  return proto.Message.create({ ...rest, [wrapping]: { message } });
}
