import 'server-only';
import { readAccessFile } from '../auth/access/rules';
import { upstreamUserProblems } from '../dal/upstream-users';
import { createClient } from '../dingtalk/client';
import { DingTalkError } from '../dingtalk/errors';
import { createProxyFor } from '../dingtalk/outgoing-proxy';
import { createDirectoryStore } from '../directory/store';
import type { AddressRange } from '../gate-setting-values';
import { createProtectedHosts } from '../http/protected-host';
import { keepOutOfLog } from '../log';
import { bad, type Check, ok, type Patient, warn } from './check';
import { isAppOf } from './company';

/** The gate in front of pages that others wrote. */

const SHOWN = 5;
/** Shorter prefixes are more than one network of a company: `10.0.0.0/8` and `fc00::/7` are the largest private ones. */
const LEAST_BITS = { ipv4: 8, ipv6: 7 };

const isOn = ({ config: { gate } }: Patient) => gate.listen !== undefined;

const proxies: Check = {
  id: 'gate-proxies',
  isPrivate: true,
  circle: 'local',
  isWanted: isOn,
  run: ({ config: { gate } }) => {
    const isLocal = /^(127\.|localhost$|::1$)/.test(gate.listen?.host ?? '');
    // The secret alone opens it to no other machine.
    if (!isLocal && gate.trustedProxies.length === 0) return bad('gate-unsigned');
    const wide = gate.trustedProxies.filter(isWide).map(([address, bits]) => `${address}/${bits}`);
    if (!isLocal && wide.length > 0 && gate.secret === undefined)
      return warn('gate-proxies-wide', { ranges: wide.join(', ') });
    return ok({ hosts: gate.hosts.join(', ') });
  },
};

function isWide([address, bits]: AddressRange): boolean {
  return bits < LEAST_BITS[address.kind()];
}

const rules: Check = {
  id: 'gate-rules',
  circle: 'local',
  needs: ['access-file'],
  isWanted: isOn,
  run: ({ config: { accessFile, publicOrigin, gate } }) => {
    const file = accessFile ? readAccessFile(accessFile, new URL(publicOrigin).hostname) : undefined;
    const ruled = new Set((file?.rules?.rules ?? []).flatMap(({ at: { host } }) => host ?? []));
    const isBehind = (patterns: readonly string[]) => {
      const hosts = createProtectedHosts(patterns, 'https:');
      return (host: string) => hosts.find(host) !== undefined;
    };
    const unruled = gate.hosts.filter((pattern) => ![...ruled].some(isBehind([pattern])));
    if (unruled.length > 0) return warn('gate-host-unruled', { hosts: unruled.join(', ') });
    const unknown = [...ruled].filter((host) => !isBehind(gate.hosts)(host));
    if (unknown.length > 0) return warn('gate-host-unknown', { hosts: unknown.join(', ') });
    return ok({ hosts: [...ruled].join(', ') });
  },
};

const user: Check = {
  id: 'gate-user',
  circle: 'local',
  needs: ['database'],
  isWanted: (patient) => isOn(patient) && patient.config.gate.user !== 'userid',
  run: async ({ config: { gate }, storage }) => {
    const kind = gate.user === 'userid' ? 'job-number' : gate.user;
    const { current } = await storage();
    if (!current) return ok({ kind, people: '0' });
    const store = createDirectoryStore(() => current.directory);
    const { shared, without, values } = await upstreamUserProblems(kind, store);
    if (shared.length > 0) {
      const shown = shared.slice(0, SHOWN).map(({ value, userIds }) => `${value}: ${userIds.join(', ')}`);
      return warn('gate-user-shared', { kind, count: String(shared.length), shared: shown.join('\n') });
    }
    return without > 0
      ? warn('gate-user-missing', { kind, count: String(without) })
      : ok({ kind, people: String(values) });
  },
};

const CALL_MS = 3000;

/** The apps that sign people in on protected hosts inside DingTalk's clients. */
export const gateAppsCheck: Check = {
  id: 'gate-apps',
  circle: 'dingtalk',
  needs: ['token', 'company'],
  isWanted: (patient) => isOn(patient) && patient.config.gate.apps.size > 0,
  run: async ({ config }) => {
    const found = await Promise.all(
      [...config.gate.apps].map(async ([host, app]) => ({ host, reason: await refusalOf(app, config) })),
    );
    const refused = found.flatMap(({ host, reason }) => (reason ? [`${host}: ${reason}`] : []));
    if (refused.length > 0) return bad('gate-app-refused', { refused: refused.join('\n') });
    return ok({ hosts: found.map(({ host }) => host).join(', ') });
  },
};

/** DingTalk's code, or that it is the app of another company; undefined where the app can be used. */
async function refusalOf(
  app: { clientId: string; clientSecret: string },
  { apiUrl, oapiUrl, outgoingProxy, corpId }: Patient['config'],
): Promise<string | undefined> {
  const proxyFor = createProxyFor(outgoingProxy);
  const client = createClient({
    ...app,
    apiUrl,
    oapiUrl,
    proxyFor,
    onToken: keepOutOfLog,
    timeoutMs: CALL_MS,
  });
  try {
    await client.warm();
    return (await isAppOf(client, corpId)) ? undefined : `${app.clientId} ≠ ${corpId}`;
  } catch (error) {
    if (!(error instanceof DingTalkError)) throw error;
    return `${app.clientId} ${error.code}`;
  }
}

export const gateChecks: readonly Check[] = [proxies, rules, user];
