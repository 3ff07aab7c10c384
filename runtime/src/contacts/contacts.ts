/**
 * Who is who: the people a session has met, each under an id that stays whichever of their addresses they are known by.
 * A phone number and a LID that turn out to be one person's make one of two contacts: the older id stays, the other one
 * leads to it from then on.
 */
import { Mutex } from 'async-mutex';
import type { Contact, Fact } from '../events.ts';
import type { ContactId, Jid, SessionId } from '../ids.ts';
import type { Store } from '../store/store.ts';
import { People } from './people.ts';

export { LookUps, type Allowance, type UsedUp } from './look-ups.ts';

export interface ContactsDeps {
  store: Store;
  /** Makes an event durable; the same fact again is recognised. */
  publish(session: SessionId, fact: Fact): Promise<unknown>;
  /** Two contacts are one now: what is kept under the one is to be found under the other. May be asked again after a crash. */
  onMerged(session: SessionId, kept: ContactId, merged: ContactId): Promise<void>;
  now?: () => number;
}

export interface Contacts {
  /** Whose addresses these are, all of one person, the one to answer to first; from now on they are known. */
  note(session: SessionId, addresses: Jid[], pushName: string | null): Promise<Contact>;
  /** Learns that these are one person's addresses, if it is anybody the session has met. */
  link(session: SessionId, addresses: Jid[]): Promise<void>;
  /** Undefined for somebody the session has not met. */
  find(session: SessionId, who: Jid | ContactId): Promise<Contact | undefined>;
  /** Everybody the session has met, in no order. */
  list(session: SessionId): Promise<Contact[]>;
  /** Goes on with what a crash interrupted. */
  resume(session: SessionId): Promise<void>;
  /** Lets go of a session that is being removed. */
  forget(session: SessionId): void;
}

export function createContacts(deps: ContactsDeps): Contacts {
  const now = deps.now ?? Date.now;
  const inTurn = new Map<SessionId, Mutex>();
  const exclusively = <T>(session: SessionId, work: (people: People) => Promise<T>): Promise<T> => {
    const turn = inTurn.get(session) ?? new Mutex();
    inTurn.set(session, turn);
    return turn.runExclusive(() => work(peopleOf(session)));
  };
  const peopleOf = (session: SessionId) => new People(session, deps.store.session(session).keyValue('people'));
  const finish = async (session: SessionId, people: People) => {
    for (const { kept, merged } of await people.unfinishedMerges()) {
      await deps.onMerged(session, kept, merged);
      await people.mergeFinished(merged);
    }
  };
  const learn = async (session: SessionId, people: People, addresses: Jid[], pushName: string | null) => {
    const learnt = await people.learn(addresses, pushName, now());
    if (learnt.merged) {
      const [kept, merged] = [people.shown(learnt.person), learnt.merged.contactId];
      // Before it is written down: a crash between tells it once more, under the same id.
      await deps.publish(session, { event: 'contact.merged', fact: `merged:${merged}`, data: { kept, merged } });
    }
    await people.write(learnt);
    if (learnt.merged) await finish(session, people);
    return people.shown(learnt.person, addresses[0]);
  };
  return {
    note: (session, addresses, pushName) =>
      exclusively(session, (people) => learn(session, people, addresses, pushName)),
    link: (session, addresses) =>
      exclusively(session, async (people) => {
        if (await people.knowsAny(addresses)) await learn(session, people, addresses, null);
      }),
    find: (session, who) => peopleOf(session).find(who),
    list: (session) => peopleOf(session).list(),
    resume: (session) => exclusively(session, (people) => finish(session, people)),
    forget: (session) => void inTurn.delete(session),
  };
}
