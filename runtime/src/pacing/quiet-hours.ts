/** The hours in which a session writes to nobody first (architecture.md 8). Pure; the clock is the wall clock of a time zone. */

export interface QuietHours {
  /** Local times as HH:MM; `to` is the first minute that is not quiet. An end before the beginning is on the next day. */
  from: string;
  to: string;
  /** As IANA names it, such as Europe/Berlin. */
  timeZone: string;
}

const DAY_MINUTES = 24 * 60;
const MINUTE_MS = 60_000;

const minutesOf = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
};

/** How a wall clock there stands at `at`, in minutes since midnight. */
function localMinutes(at: number, timeZone: string): number {
  const clock = clocks.get(timeZone) ?? clockOf(timeZone);
  clocks.set(timeZone, clock);
  return minutesOf(clock.format(at));
}

const clockOf = (timeZone: string) =>
  new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
/** Making one takes long; there are as many as time zones at the most. */
const clocks = new Map<string, Intl.DateTimeFormat>();

const forward = (from: number, to: number): number => (to - from + DAY_MINUTES) % DAY_MINUTES;

/** Whether there is such a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** When the quiet that holds at `now` ends, ms since 1970; null when it is not quiet. */
export function quietUntil({ from, to, timeZone }: QuietHours, now: number): number | null {
  const local = localMinutes(now, timeZone);
  const lasts = forward(minutesOf(from), minutesOf(to));
  if (forward(minutesOf(from), local) >= lasts) return null;
  const end = (Math.floor(now / MINUTE_MS) + forward(local, minutesOf(to))) * MINUTE_MS;
  // A night in which the clocks are changed is an hour longer or shorter.
  const off = forward(minutesOf(to), localMinutes(end, timeZone));
  const corrected = end - (off > DAY_MINUTES / 2 ? off - DAY_MINUTES : off) * MINUTE_MS;
  return corrected > now ? corrected : end;
}
