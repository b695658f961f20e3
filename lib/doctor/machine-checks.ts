import 'server-only';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { describeProblem, readAccessFile } from '../auth/access/rules';
import { BrandFileError, readBrand } from '../brand';
import { nodeEnvironment } from '../config';
import { DAY_MS } from '../local-time';
import { regionOf } from '../region';
import { keyAges } from '../session/key-ages';
import { isGuessable } from '../session/key-strength';
import { bad, type Check, ok, type Patient, warn } from './check';

/** This machine: its program, its settings, its keys, its files. */

const OLDEST_NODE = [20, 19] as const;

const node: Check = {
  id: 'node',
  circle: 'local',
  run: () => checkNode(process.versions.node),
};

/** @param version such as `20.19.0` */
export function checkNode(version: string) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  return isOld ? bad('node-old', { version }) : ok({ version });
}

const ids: Check = {
  id: 'ids',
  circle: 'local',
  run: ({ config: { corpId, clientId, clientSecret, agentId } }) => {
    if (/^\d+$/.test(clientId))
      return bad('ids-confused', { setting: 'DINGTALK_CLIENT_ID', looks: 'AgentId' });
    if (clientId === corpId) return bad('ids-confused', { setting: 'DINGTALK_CLIENT_ID', looks: 'CorpId' });
    if (clientSecret === clientId)
      return bad('ids-confused', { setting: 'DINGTALK_CLIENT_SECRET', looks: 'Client ID' });
    if (/^(suite|\d)/.test(corpId))
      return bad('ids-confused', { setting: 'DINGTALK_CORP_ID', looks: 'SuiteKey' });
    return ok({ corpId, clientId, agentId: agentId ?? '–' });
  },
};

const hosts: Check = {
  id: 'hosts',
  circle: 'local',
  run: ({ config: { region, apiUrl, oapiUrl, loginUrl } }) => {
    const addresses = { DINGTALK_API_URL: apiUrl, DINGTALK_OAPI_URL: oapiUrl, DINGTALK_LOGIN_URL: loginUrl };
    const others = Object.entries(addresses).filter(([, url]) => (regionOf(url) ?? region) !== region);
    const found = others.map(([setting, url]) => `${setting}=${url}`).join('\n');
    if (others.length > 0) return bad('region-mixed', { region, found });
    return ok({
      region,
      hosts: [...new Set(Object.values(addresses).map((url) => new URL(url).host))].join(', '),
    });
  },
};

const roots: Check = {
  id: 'tls-roots',
  isPrivate: true,
  circle: 'local',
  run: () => {
    const { extraRoots, extraRootsInFile, isUnverified } = nodeEnvironment();
    // DingTalk's certificates are verified all the same; a database's may not be.
    if (isUnverified) return warn('verification-off');
    if (extraRoots === undefined)
      return extraRootsInFile
        ? warn('roots-late', { path: extraRootsInFile })
        : ok({ roots: String(rootCertificates.length) });
    const own = countCertificates(extraRoots);
    return own === 0
      ? bad('roots-unread', { path: extraRoots })
      : ok({ roots: String(rootCertificates.length), own: String(own), path: extraRoots }, 'own');
  },
};

function countCertificates(path: string): number {
  try {
    return readFileSync(path, 'utf8').match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/g)?.length ?? 0;
  } catch {
    return 0;
  }
}

const MOST_DAYS = 365;

/** None where there is no database yet, or one of a version before; its own check says what is wrong with it. */
async function agesOf(storage: Patient['storage']): Promise<ReadonlyMap<string, number>> {
  try {
    const { current } = await storage();
    return current ? await keyAges(current.records) : new Map();
  } catch {
    return new Map();
  }
}

const keys: Check = {
  id: 'session-keys',
  isPrivate: true,
  circle: 'local',
  after: ['database'],
  run: async ({ config: { sessionKeys, sealKey }, storage, now }) => {
    const weak = [...sessionKeys].filter(([, secret]) => isGuessable(secret)).map(([id]) => id);
    if (weak.length > 0) return bad('key-guessable', { keys: weak.join(', ') });
    const values = { keys: [...sessionKeys.keys()].join(', '), sealKey };
    const ages = await agesOf(storage);
    const days = (id: string) => Math.floor((now() - (ages.get(id) ?? now())) / DAY_MS);
    const old = [...sessionKeys.keys()].filter((id) => days(id) > MOST_DAYS);
    if (old.length > 0)
      return warn('key-old', { keys: old.join(', '), days: String(Math.max(...old.map(days))) });
    return ages.size === 0
      ? ok(values, 'new')
      : ok({ ...values, days: String(Math.max(...[...sessionKeys.keys()].map(days))) });
  },
};

const proxy: Check = {
  id: 'outgoing-proxy',
  circle: 'local',
  run: ({ config: { outgoingProxy } }) => {
    if (!outgoingProxy) return ok({}, 'none');
    const { http, https, noProxy = '–' } = outgoingProxy;
    const shown = (url: URL | undefined) => (url ? `${url.protocol}//${url.host}` : '–');
    return ok({ http: shown(http), https: shown(https), noProxy });
  },
};

const accessFile: Check = {
  id: 'access-file',
  circle: 'local',
  isWanted: ({ config }) => config.accessFile !== undefined,
  run: ({ config: { accessFile: path = '', publicOrigin } }) => {
    const { problems, rules } = readAccessFile(path, new URL(publicOrigin).hostname);
    if (problems.length > 0)
      return bad('access-file-wrong', {
        problems: problems.map((one) => describeProblem(path, one)).join('\n'),
      });
    return ok({ rules: String(rules?.rules.length ?? 0) });
  },
};

const brandFile: Check = {
  id: 'brand-file',
  circle: 'local',
  isWanted: ({ config }) => config.brandFile !== undefined,
  run: ({ config: { brandFile: path = '' } }) => {
    try {
      readBrand(path);
      return ok({ path });
    } catch (error) {
      if (!(error instanceof BrandFileError)) throw error;
      return bad('brand-file-wrong', {
        problems: error.message
          .split('\n')
          .filter((line) => line.startsWith('  - '))
          .join('\n'),
      });
    }
  },
};

export const machineChecks: readonly Check[] = [node, ids, hosts, roots, keys, proxy, accessFile, brandFile];
