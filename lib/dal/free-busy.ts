import 'server-only';
import { busyTimes, calendarKey, type RememberedBusy } from '../calendar-cache';
import type { Window } from '../dingtalk/calendar-agenda';
import { type Busy, queryBusy } from '../dingtalk/calendar-busy';
import { dingTalkClient } from '../dingtalk-client';
import { directoryStore } from '../directory/store';
import { calendarCall, unionIdOf } from './calendar-calls';
import { type PersonCard, toCard } from './person-card';
import { readView } from './viewer';

/** When a person is busy: never what for. */
export interface PersonBusy extends PersonCard {
  /** In order, Unix time in ms, within the window; undefined: DingTalk does not tell. */
  busy: Busy['spans'];
}

export interface FreeBusy {
  /** In the order of the request. */
  people: PersonBusy[];
  /** User ids that do not exist, or of people whom the viewer may not see: which of both is not told. */
  notFound: string[];
  /** When the oldest of it was asked for, Unix time in ms. */
  asOf: number;
}

/**
 * When several people are busy, of those whom the member who asks may see in the directory. At most some minutes old;
 * one call for each twenty people of whom it is not known.
 *
 * @throws AppError `not-signed-in`, `too-many-calls`, `calls-spent`; what DingTalk refused
 */
export async function freeBusy(userIds: readonly string[], window: Window): Promise<FreeBusy> {
  const wanted = [...new Set(userIds)];
  const { viewer, visible } = await readView(async ({ viewer, visibility }) => {
    const members = await directoryStore().members(wanted);
    const seen = members.filter((member) => visibility.canSeePerson(member));
    return { viewer, visible: new Map(seen.map((member) => [member.userId, member])) };
  });
  const people = wanted.flatMap((userId) => visible.get(userId) ?? []);
  const unionIds = people.flatMap(({ record }) => record.unionId ?? []);
  const known = await busyOf(viewer.userId, unionIds, window);
  return {
    people: people.map((member) => ({
      ...toCard(member),
      busy: known.get(member.record.unionId ?? '')?.spans,
    })),
    notFound: wanted.filter((userId) => !visible.has(userId)),
    asOf: Math.min(Date.now(), ...[...known.values()].map(({ asOf }) => asOf)),
  };
}

async function busyOf(userId: string, unionIds: readonly string[], window: Window) {
  const found = new Map<string, RememberedBusy>();
  for (const unionId of unionIds) {
    const known = busyTimes().get(calendarKey(unionId, window));
    if (known) found.set(unionId, known);
  }
  const missing = unionIds.filter((unionId) => !found.has(unionId));
  if (missing.length === 0) return found;
  const asOf = Date.now();
  const asker = await unionIdOf({ userId });
  const answers = await calendarCall(userId, (extras) =>
    queryBusy(dingTalkClient(), asker, { ...window, unionIds: missing }, extras),
  );
  for (const answer of answers) {
    const remembered = { asOf, ...answer };
    found.set(answer.unionId, remembered);
    // What DingTalk does not tell now, it may tell in a moment.
    if (answer.spans) busyTimes().set(calendarKey(answer.unionId, window), remembered);
  }
  return found;
}
