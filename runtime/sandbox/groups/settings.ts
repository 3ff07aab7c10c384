/** A group's settings and how stanzas spell them: in metadata, in requests to change one and in news of a change. */
import { bytesOf, child, node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';

export interface GroupSettings {
  /** Only admins may write. */
  readonly announcement: boolean;
  /** Only admins may change subject, description and disappearing messages. */
  readonly locked: boolean;
  /** Whoever comes by the invite link waits until an admin lets them in. */
  readonly joinApproval: boolean;
  /** After how many seconds messages disappear; 0 for never. */
  readonly ephemeral: number;
  /** Who may add others. */
  readonly memberAddMode: 'all_member_add' | 'admin_add';
}

/** A group as phones make it. */
export const NEW_GROUP: GroupSettings = {
  announcement: false,
  locked: false,
  joinApproval: false,
  ephemeral: 0,
  memberAddMode: 'all_member_add',
};

/** What the phones offer: off, a day, a week, ninety days. */
const EPHEMERAL_SECONDS: readonly number[] = [0, 86_400, 604_800, 7_776_000];

/** What is wrong with the settings, as a sentence, or null. */
export function faultOf({ ephemeral, memberAddMode }: Partial<GroupSettings>): string | null {
  if (ephemeral !== undefined && !EPHEMERAL_SECONDS.includes(ephemeral)) {
    return `messages can disappear after ${EPHEMERAL_SECONDS.join(', ')} seconds, not ${ephemeral}`;
  }
  if (memberAddMode !== undefined && memberAddMode !== 'all_member_add' && memberAddMode !== 'admin_add') {
    return `memberAddMode is all_member_add or admin_add, not ${JSON.stringify(memberAddMode)}`;
  }
  return null;
}

const approval = (state: string): Stanza => node('membership_approval_mode', {}, [node('group_join', { state })]);

/** What one stanza in a request asks to change; null when it is about no setting. */
export function readSetting(stanza: Stanza): Partial<GroupSettings> | null {
  const { tag, attrs } = stanza;
  if (tag === 'announcement' || tag === 'not_announcement') return { announcement: tag === 'announcement' };
  if (tag === 'locked' || tag === 'unlocked') return { locked: tag === 'locked' };
  if (tag === 'not_ephemeral') return { ephemeral: 0 };
  if (tag === 'ephemeral') return { ephemeral: Number(attrs['expiration']) };
  if (tag === 'membership_approval_mode') {
    return { joinApproval: child(stanza, 'group_join')?.attrs['state'] === 'on' };
  }
  if (tag !== 'member_add_mode') return null;
  return { memberAddMode: bytesOf(stanza)?.toString() as GroupSettings['memberAddMode'] };
}

/** The settings as metadata lists them: those that are off are not there. */
export function settingStanzas(settings: GroupSettings): Stanza[] {
  return [
    ...(settings.announcement ? [node('announcement')] : []),
    ...(settings.locked ? [node('locked')] : []),
    ...(settings.ephemeral ? [node('ephemeral', { expiration: String(settings.ephemeral) })] : []),
    ...(settings.joinApproval ? [approval('on')] : []),
    node('member_add_mode', {}, Buffer.from(settings.memberAddMode)),
  ];
}

/** What members are told of each setting that changed. The version is of the member list the change applies to. */
export function settingNews(changed: Partial<GroupSettings>, version: string): Stanza[] {
  const { announcement, locked, ephemeral, joinApproval, memberAddMode } = changed;
  const news: Stanza[] = [];
  if (announcement !== undefined)
    news.push(node(announcement ? 'announcement' : 'not_announcement', { v_id: version }));
  if (locked !== undefined) news.push(node(locked ? 'locked' : 'unlocked'));
  if (ephemeral === 0) news.push(node('not_ephemeral'));
  else if (ephemeral !== undefined) news.push(node('ephemeral', { expiration: String(ephemeral) }));
  if (joinApproval !== undefined) news.push(approval(joinApproval ? 'on' : 'off'));
  if (memberAddMode !== undefined) news.push(node('member_add_mode', {}, Buffer.from(memberAddMode)));
  return news;
}
