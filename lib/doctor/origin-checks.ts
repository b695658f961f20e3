import 'server-only';
import { randomBytes } from 'node:crypto';
import { withBasePath } from '../base-path';
import { DAY_MS } from '../local-time';
import { createCookies } from '../session/cookie';
import { bad, type Check, ok, type Patient, type Result, untried, warn } from './check';
import { askOrigin, type OriginAnswer } from './origin-request';
import {
  CLAIMED_ADDRESS,
  PROBE_ADDRESS,
  PROBE_BYTES,
  PROBE_HEADER,
  type ProbeAnswer,
  probeAnswerSchema,
  sealProbe,
} from './probe';

/** Whether `PUBLIC_ORIGIN` leads here, and what arrives: one request with a nonce, another with a large body. */

const CERTIFICATE_DAYS = 14;
/** A query as DingTalk's callbacks and OAuth have it: decoded and encoded again, it would be another. */
const QUERY = '?q=%E5%BC%A0&b=1%2B2+3';
/** Nothing at all came back: from this machine the address may only be closed. */
const UNREACHED =
  /^(timeout|E(CONN\w+|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH|TIMEDOUT|ADDRNOTAVAIL|ACCES|PIPE))$/;

/** An answer of this app, and the request that it is to. */
interface Probe {
  answer: Exclude<OriginAnswer, { failure: string }>;
  arrived: ProbeAnswer;
}

function askProbe(patient: Patient, name: string, bytes: number): Promise<OriginAnswer & { nonce: string }> {
  return patient.once(name, async () => {
    const { publicOrigin, publicUrl } = patient.config;
    const nonce = randomBytes(16).toString('hex');
    const cookies = createCookies(patient.config);
    const answer = await askOrigin(new URL(publicUrl + PROBE_ADDRESS + QUERY), {
      method: 'POST',
      headers: {
        [PROBE_HEADER]: await sealProbe(patient.config, nonce),
        'content-type': 'application/octet-stream',
        origin: publicOrigin,
        cookie: `${cookies.nameOf('dingpass-probe')}=${nonce}`,
        'x-forwarded-for': CLAIMED_ADDRESS,
        'accept-language': 'zh-CN',
      },
      body: Buffer.alloc(bytes, 'a'),
    });
    return { ...answer, nonce };
  });
}

/** What arrived, or undefined where the answer is not this app's. */
function readProbe(answer: OriginAnswer & { nonce: string }): Probe | undefined {
  if ('failure' in answer) return undefined;
  try {
    const parsed = probeAnswerSchema.safeParse(JSON.parse(answer.text));
    return parsed.success && parsed.data.nonce === answer.nonce
      ? { answer, arrived: parsed.data }
      : undefined;
  } catch {
    return undefined;
  }
}

const smallProbe = (patient: Patient) => askProbe(patient, 'probe', 2);

const reached: Check = {
  id: 'origin',
  circle: 'local',
  run: async (patient) => {
    const answer = await smallProbe(patient);
    const { publicUrl: url } = patient.config;
    if ('failure' in answer) return explainFailure(answer.failure, url);
    if (readProbe(answer)) return ok({ url });
    const status = String(answer.status);
    const location = answer.headers.location?.split('?')[0];
    const server = [answer.headers.server ?? '–', location].filter(Boolean).join(' → ');
    if (answer.status >= 502 && answer.status <= 504)
      return bad('origin-without-app', { url, status, server });
    return bad('origin-elsewhere', { url, status, server });
  },
};

function explainFailure(code: string, url: string): Result {
  if (UNREACHED.test(code)) return untried({ url, reason: code });
  // What answers does not speak HTTP.
  if (code.startsWith('HPE_')) return bad('origin-elsewhere', { url, status: code, server: '–' });
  return bad('origin-certificate', { url, reason: code });
}

/** A check of what has arrived: untried where nothing has. */
function arrivedCheck(
  id: string,
  judge: (probe: Probe, patient: Patient) => Result,
  isWanted: Check['isWanted'] = () => true,
): Check {
  return {
    id,
    circle: 'local',
    needs: ['origin'],
    isWanted,
    run: async (patient) => {
      const probe = readProbe(await smallProbe(patient));
      return probe ? judge(probe, patient) : untried({ reason: 'origin' });
    },
  };
}

const isSecure = ({ config }: Patient) => config.publicOrigin.startsWith('https:');

const certificate = arrivedCheck(
  'origin-certificate',
  ({ answer: { certificateEnds = 0 } }, patient) => {
    const days = Math.floor((certificateEnds - patient.now()) / DAY_MS);
    const values = { days: String(days), date: new Date(certificateEnds).toISOString().slice(0, 10) };
    return days < CERTIFICATE_DAYS ? warn('certificate-ends', values) : ok(values);
  },
  isSecure,
);

const request = arrivedCheck('origin-request', ({ arrived, answer }, { config }) => {
  const { host } = new URL(config.publicOrigin);
  const changed = [
    ...(arrived.path === PROBE_ADDRESS ? [] : [`path: ${arrived.path}`]),
    ...(arrived.search === QUERY ? [] : [`query: ${arrived.search || '–'}`]),
    ...(arrived.origin === config.publicOrigin ? [] : [`Origin: ${arrived.origin || '–'}`]),
  ];
  if (changed.length > 0) return bad('request-changed', { changed: changed.join('\n') });
  return ok({ host, arrived: arrived.host, status: String(answer.status) });
});

const cookies = arrivedCheck('origin-cookies', ({ arrived, answer }, { config }) => {
  const own = createCookies(config);
  const name = own.nameOf('dingpass-probe');
  const set = (answer.headers['set-cookie'] ?? []).find((cookie) => cookie.startsWith(`${name}=`));
  const wanted = own.set(name, arrived.nonce, 60);
  if (!arrived.cookies.includes(name)) return bad('cookie-lost', { what: 'Cookie' });
  if (set === undefined) return bad('cookie-lost', { what: 'Set-Cookie' });
  return set === wanted
    ? ok({ name })
    : bad('cookie-lost', { what: `Set-Cookie: ${set.replace(arrived.nonce, '…')}` });
});

/** Without them pages may be framed, kept by caches, or opened without TLS. */
const KEPT_HEADERS = {
  'cache-control': /no-store/,
  'content-security-policy': /frame-ancestors/,
  'x-content-type-options': /nosniff/,
};

const answers = arrivedCheck('origin-answer', ({ answer }) => {
  const lost = Object.entries(KEPT_HEADERS)
    .filter(([name, wanted]) => !wanted.test(String(answer.headers[name] ?? '')))
    .map(([name]) => name);
  return lost.length > 0 ? bad('answer-changed', { headers: lost.join(', ') }) : ok();
});

const hops: Check = {
  // A client could forge its address.
  isPrivate: true,
  ...arrivedCheck('proxy-hops', ({ arrived: { forwardedFor } }, { config }) => {
    const claimed = forwardedFor.indexOf(CLAIMED_ADDRESS);
    const found = forwardedFor.length - claimed - 1;
    const values = { found: String(found), setting: String(config.trustedProxyHops) };
    return found === config.trustedProxyHops ? ok(values) : bad('hops-differ', values);
  }),
};

const body: Check = {
  id: 'origin-body',
  circle: 'local',
  needs: ['origin'],
  run: async (patient) => {
    if (!readProbe(await smallProbe(patient))) return untried({ reason: 'origin' });
    const answer = await askProbe(patient, 'large-probe', PROBE_BYTES);
    const arrived = readProbe(answer)?.arrived.bytes;
    const kilobytes = String(PROBE_BYTES / 1024);
    if (arrived === PROBE_BYTES) return ok({ kilobytes });
    return bad('body-cut', {
      kilobytes,
      status: 'failure' in answer ? answer.failure : String(answer.status),
    });
  },
};

const plainHttp: Check = {
  id: 'plain-http',
  circle: 'local',
  needs: ['origin'],
  isWanted: (patient) => isSecure(patient) && patient.plainPort !== undefined,
  run: async ({ config, plainPort }) => {
    const { hostname } = new URL(config.publicOrigin);
    const url = new URL(`http://${hostname}:${plainPort}${withBasePath('/')}`);
    const answer = await askOrigin(url, { method: 'GET', headers: { host: hostname } });
    if ('failure' in answer)
      return UNREACHED.test(answer.failure) ? ok({}, 'closed') : untried({ reason: answer.failure });
    const isLed =
      answer.status >= 300 && answer.status < 400 && /^https:/.test(answer.headers.location ?? '');
    return isLed ? ok({}, 'led') : warn('plain-http-open', { status: String(answer.status) });
  },
};

export const originChecks: readonly Check[] = [
  reached,
  certificate,
  plainHttp,
  request,
  cookies,
  answers,
  hops,
  body,
];
