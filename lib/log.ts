import 'server-only';
import pino from 'pino';
import { config } from './config';
import { singleton } from './singleton';

const MAX_LEARNED = 64;
/** What is shorter is part of ordinary words: lines would be torn. */
const MIN_LENGTH = 8;

/** Values that must not appear in any line: those of the settings, and tokens as they are fetched. */
const secrets = singleton('secrets', () => ({ settings: [] as string[], learned: [] as string[] }));

/** Keeps a value out of the log from now on. The oldest learned value is forgotten beyond a bound. */
export function keepOutOfLog(value: string): void {
  const { learned } = secrets();
  if (value.length >= MIN_LENGTH && !learned.includes(value) && learned.push(value) > MAX_LEARNED)
    learned.shift();
}

/** The process's log: one JSON object a line, on standard output. */
export const log = singleton('log', () => {
  const { logLevel, clientSecret, sessionKeys, callback, outgoingProxy, database, robot, gate } = config();
  const ofCallbacks = callback ? [callback.aesKey, callback.token] : [];
  const ofRobot = robot ? [robot.secret, robot.webhook.searchParams.get('access_token') ?? ''] : [];
  const ofGate = [gate.secret ?? '', ...[...gate.apps.values()].map((app) => app.clientSecret)];
  const ofUrls = [outgoingProxy?.http, outgoingProxy?.https, database && new URL(database.url)].flatMap(
    credentialsOf,
  );
  secrets().settings = [
    clientSecret,
    ...sessionKeys.values(),
    ...ofCallbacks,
    ...ofRobot,
    ...ofGate,
    ...ofUrls,
  ]
    .filter(({ length }) => length >= MIN_LENGTH)
    .flatMap(spellings);
  return pino({
    level: logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
    hooks: { streamWrite: scrub },
  });
});

/**
 * Keeps secrets out of what others write past the log: Next its errors, Node the whole URLs and headers of our calls
 * when `NODE_DEBUG` is set. Called once, at boot.
 */
export function guardOutput(): void {
  log();
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
    stream.write = (chunk: unknown, ...rest: unknown[]) =>
      write(typeof chunk === 'string' ? scrub(chunk) : chunk, ...rest);
  }
}

/** @param path with its query, which is left out: it can hold anything */
export function logPageFailure(error: unknown, path: string): void {
  const requestId = (error as { digest?: unknown } | undefined)?.digest;
  log().error({ event: 'page', requestId, path: path.split('?')[0], outcome: 'internal', err: error });
}

/** A password of a proxy or a database, and how a proxy is sent it: whatever a library may write of it. */
function credentialsOf(url: URL | undefined): string[] {
  if (!url?.password) return [];
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return [url.password, password, Buffer.from(`${user}:${password}`).toString('base64')];
}

/** As it is, as it stands inside JSON, and as it stands in a URL. */
function spellings(secret: string): string[] {
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])];
}

/** Text for others to read, such as DingTalk's own messages, without any value that must stay here. */
export function withoutSecrets(text: string): string {
  // The settings' secrets are known once there is a log.
  log();
  return scrub(text);
}

/** Patterns of what is secret in whatever text: tokens in URLs and headers, seals. */
const SECRET_PATTERNS = [
  /((?:access_token|accessToken|appSecret|clientSecret|refreshToken|authCode|x-acs-dingtalk-access-token)["'\s]*[=:]["'\s]*)[^"'\s&,}\\]+/gi,
  /(Fe26\.2\*)[^"'\s;]+/g,
];

function scrub(line: string): string {
  let clean = line;
  for (const secret of [...secrets().settings, ...secrets().learned])
    clean = clean.replaceAll(secret, '[secret]');
  for (const pattern of SECRET_PATTERNS) clean = clean.replace(pattern, '$1[secret]');
  return clean;
}

/** An error and its causes, without the properties that libraries hang on them (requests, options, bodies). */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause === undefined ? {} : { cause: describeError(cause) }) };
}
