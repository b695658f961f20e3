import 'server-only';
import { userValue } from '../dal/upstream-users';
import { createDirectoryStore } from '../directory/store';
import { bad, type Check, ok, warn } from './check';

/** The gate in front of pages that others wrote. */

const SHOWN = 5;

const proxies: Check = {
  id: 'gate-proxies',
  isPrivate: true,
  circle: 'local',
  isWanted: ({ config }) => config.gate.listen !== undefined,
  run: ({ config: { gate } }) => {
    const isLocal = /^(127\.|localhost$|::1$)/.test(gate.listen?.host ?? '');
    // Beyond this machine it answers to nobody unless it can tell proxies from others.
    if (!isLocal && gate.trustedProxies.length === 0 && gate.secret === undefined)
      return bad('gate-unsigned');
    return ok({ hosts: gate.hosts.join(', ') });
  },
};

const user: Check = {
  id: 'gate-user',
  circle: 'local',
  needs: ['database'],
  isWanted: ({ config: { gate } }) => gate.listen !== undefined && gate.user !== 'userid',
  run: async ({ config: { gate }, storage }) => {
    const kind = gate.user === 'userid' ? 'job-number' : gate.user;
    const { current } = await storage();
    if (!current) return ok({ kind, people: '0' });
    const owners = new Map<string, string[]>();
    let without = 0;
    await createDirectoryStore(() => current.directory).everybody((members) => {
      for (const { userId, record } of members.filter((member) => member.record.active)) {
        const value = userValue(record, kind)?.toLowerCase();
        if (value === undefined) without++;
        else owners.set(value, [...(owners.get(value) ?? []), userId]);
      }
    });
    const shared = [...owners].filter(([, userIds]) => userIds.length > 1);
    if (shared.length > 0) {
      const shown = shared.slice(0, SHOWN).map(([value, userIds]) => `${value}: ${userIds.join(', ')}`);
      return warn('gate-user-shared', { kind, count: String(shared.length), shared: shown.join('\n') });
    }
    return without > 0
      ? warn('gate-user-missing', { kind, count: String(without) })
      : ok({ kind, people: String(owners.size) });
  },
};

export const gateChecks: readonly Check[] = [proxies, user];
