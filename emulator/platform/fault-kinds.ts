import { z } from 'zod';

const MAX_MS = 3_600_000;
const ms = z.int().min(0).max(MAX_MS);
const text = z.record(z.string(), z.string());
/** The endpoint's effect (a code used, a token made) happens although the answer is spoilt. */
const consumed = z.boolean().optional();

/** Everything that can go wrong, by `kind`. The table in README.md says what each does. */
export const faultSchema = z.discriminatedUnion('kind', [
  // Another answer instead of the endpoint's.
  z.strictObject({
    kind: z.literal('errcode'),
    errcode: z.int(),
    errmsg: z.string().optional(),
    wrapped: z.boolean().optional(),
    consumed,
  }),
  z.strictObject({ kind: z.literal('json'), status: z.int().default(200), body: z.json(), consumed }),
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(200).max(599),
    headers: text.optional(),
    contentType: z.string().optional(),
    body: z.json().optional(),
    consumed,
  }),
  z.strictObject({
    kind: z.literal('redirect'),
    status: z.int().min(300).max(399).default(302),
    location: z.string(),
    consumed,
  }),
  z.strictObject({ kind: z.literal('empty'), consumed }),
  z.strictObject({ kind: z.literal('html'), status: z.int().min(200).max(599).default(200), consumed }),
  z.strictObject({ kind: z.literal('garbage'), bytes: z.int().min(1).max(1_000_000).default(512), consumed }),
  z.strictObject({ kind: z.literal('echoUrl'), consumed }),
  z.strictObject({ kind: z.literal('echoToken'), consumed }),
  z.strictObject({ kind: z.literal('huge'), bytes: z.int().min(1), consumed }),
  z.strictObject({ kind: z.literal('gzipBomb'), bytes: z.int().min(1), consumed }),
  // The connection misbehaves.
  z.strictObject({ kind: z.literal('reset'), afterBytes: z.int().min(0).default(0), consumed }),
  z.strictObject({ kind: z.literal('hangup'), consumed }),
  z.strictObject({ kind: z.literal('blackhole'), consumed }),
  // The endpoint's own answer, badly delivered.
  z.strictObject({ kind: z.literal('idleClose'), idleMs: ms }),
  z.strictObject({ kind: z.literal('delayHeaders'), ms }),
  z.strictObject({ kind: z.literal('delayBody'), ms }),
  z.strictObject({ kind: z.literal('trickle'), bytesPerSecond: z.number().min(0.1) }),
  z.strictObject({ kind: z.literal('truncate'), chunked: z.boolean().default(false) }),
  // The endpoint's own answer, changed.
  z.strictObject({ kind: z.literal('relabel'), contentType: z.string() }),
  z.strictObject({ kind: z.literal('prefixBytes'), hex: z.string().regex(/^([0-9a-f]{2})+$/i) }),
  z.strictObject({ kind: z.literal('encoding'), charset: z.literal('gbk') }),
  z.strictObject({ kind: z.literal('headers'), headers: text }),
  z.strictObject({
    kind: z.literal('patch'),
    set: z.record(z.string(), z.json()).optional(),
    unset: z.array(z.string()).optional(),
  }),
  // Something happens in DingTalk just before the call is judged.
  z.strictObject({ kind: z.literal('revokeTokenNow'), concurrent: z.int().optional() }),
  z.strictObject({ kind: z.literal('clockJump'), seconds: z.number() }),
  z.strictObject({
    kind: z.literal('staffChange'),
    hire: z.array(z.record(z.string(), z.json())).optional(),
    fire: z.array(z.string()).optional(),
    move: z.array(z.strictObject({ userid: z.string(), departmentIds: z.array(z.int()).min(1) })).optional(),
    dissolve: z.array(z.int()).optional(),
  }),
  z.strictObject({ kind: z.literal('reorderRefresh'), holdMs: ms.default(1500) }),
]);

/** A fault with its defaults filled in. */
export type Fault = z.output<typeof faultSchema>;

/** A fault as one writes it. */
export type FaultInput = z.input<typeof faultSchema>;

/** Faults that plain HTTP on loopback cannot show, and why. */
export const IMPOSSIBLE_KINDS: Readonly<Record<string, string>> = {
  dns: 'a name that does not resolve is a matter of the address that the app is given, not of this server',
  tls: 'this server speaks plain HTTP; point the app at a TLS server of the test',
};
