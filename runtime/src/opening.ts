/** Makes rooms of what the configuration says and of functions of their neighbours. */
import { createAttachments, type Attachments } from './attachments/attachments.ts';
import type { Config } from './config.ts';
import { createDirectory, type Directory, type DirectoryDeps } from './directory/directory.ts';
import type { SessionId } from './ids.ts';
import type { Logger } from './log.ts';
import type { Egress } from './proxy/proxy.ts';
import type { Outboxes } from './outbox/outbox.ts';
import type { Session, Sessions } from './session/session.ts';
import { attachmentSettings, directorySettings } from './settings.ts';

export const openAttachments = (
  { config, log }: { config: Config; log: Logger },
  egress: Egress,
  sessionOf: (id: SessionId) => Session,
): Attachments =>
  createAttachments({
    directory: config.sessionsDir,
    sealOf: (id) => sessionOf(id).seal(),
    wayFor: (id) => egress.by(sessionOf(id).openWayOut()),
    settings: attachmentSettings(config),
    log,
  });

interface Around extends Pick<DirectoryDeps, 'store' | 'contacts' | 'now'> {
  config: Config;
}

/** `rooms` is asked when they are there. */
export const openDirectory = (
  { config, store, contacts, now }: Around,
  rooms: () => { sessions: Sessions; outboxes: Outboxes },
): Directory =>
  createDirectory({
    ...{ store, contacts },
    sessionOf: (id) => rooms().sessions.find(id),
    lastActive: (id) => rooms().outboxes.lastActive(id),
    settings: directorySettings(config),
    ...(now && { now }),
  });
