/** How a sandbox links clients: what of it can be chosen when it starts. */

/**
 * What the server tells a client of its one-time keys: how many it `counted`, or that there are always `ample`.
 * A client that is told so uploads none, which saves most of what linking costs it; sessions with it then begin
 * without a one-time key, as they do with a client whose stock has run out. For load tests.
 */
export type PreKeyStock = 'counted' | 'ample';

/** The references a client shows as QR codes, one after the other. WhatsApp's own numbers unless said otherwise. */
export interface QrOptions {
  /** How many a client gets; when it has shown them all, it gives up. */
  readonly references?: number;
  /** How long the first can be scanned. */
  readonly firstLifeMs?: number;
  /** How long each further one can be scanned after the one before. */
  readonly lifeMs?: number;
}

/**
 * Where histories and app-state snapshots are: `inline` in messages, and patches in place of snapshots; or, as with
 * WhatsApp itself, but for the first history `external` files on the media host. Clients fetch those from
 * `mmg.whatsapp.net` and nowhere else, so what they fetch with must lead that name to the sandbox's media host.
 */
export type Blobs = 'inline' | 'external';

export interface LinkingOptions {
  readonly preKeyStock?: PreKeyStock;
  readonly blobs?: Blobs;
  readonly qr?: QrOptions;
}
