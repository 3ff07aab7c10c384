/** What goes wrong with media, on the host itself: every field is off until it is set. */

export class MediaFaults {
  /** The HTTP status every upload is refused with, such as 401, 413 or 500. */
  uploadStatus: number | null = null;
  /** The HTTP status every download is refused with, such as 403, 404, 410 or 500. */
  downloadStatus: number | null = null;
  /** Downloads end in the middle: the connection is cut after half of what was announced. */
  truncate = false;
  /** One byte in the middle of every download is another one, as no checksum of the line would notice. */
  flipByte = false;
  /** Every answer begins this much later. */
  delayMs = 0;
  /** Requests are taken and never answered. */
  hang = false;
}
