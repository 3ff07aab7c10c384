/** A client that unlinks itself: logging out. */
import type { Query, QueryTable } from './query.ts';

function removeCompanion({ world, device, about, reply }: Query): void {
  reply();
  const address = world.directory.find(about.attrs['jid']);
  const account = world.accounts.get(device.person.phone);
  if (!account || address?.person !== device.person) return world.unhandled(about);
  account.unlink(address.device).catch((error: unknown) => world.log(`logout: ${String(error)}`));
}

export const linkingQueries: QueryTable = { 'md/set/remove-companion-device': removeCompanion };
