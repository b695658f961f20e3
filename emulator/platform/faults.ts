import { z } from 'zod';
import { createRandom, type Random } from '../company/random';
import { type Fault, type FaultInput, faultSchema } from './fault-kinds';

const faultRequest = z.strictObject({
  endpoint: z.string().min(1),
  times: z.union([z.int().min(1), z.literal('always')]).optional(),
  where: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  share: z.number().gt(0).max(1).optional(),
  fault: faultSchema,
});

/** An order to fail, as a test or the control plane gives it. */
export interface FaultRequest {
  /** `any`, `token`, `userinfo`, `userdetail`, or the exact path of an endpoint. */
  endpoint: string;
  /** How many calls, the next ones; default 1 (2 for `reorderRefresh`, which needs two). */
  times?: number | 'always' | undefined;
  /** Only calls whose body says this, such as `{"dept_id": 1, "cursor": 100}`. */
  where?: Record<string, string | number | boolean> | undefined;
  /** Only this share of the calls, 0 to 1, chosen as by lot but always the same. */
  share?: number | undefined;
  fault: FaultInput;
}

/** A fault that waits for calls, or has had them. */
export interface ArmedFault {
  id: string;
  endpoint: string;
  where?: FaultRequest['where'];
  share?: number | undefined;
  /** Calls still to fail. */
  remaining: number | 'always';
  /** Calls that it has met. */
  hits: number;
  fault: Fault;
}

/** Orders to fail, in the order in which they were given: the first that fits a call is used. */
export interface FaultStore {
  add(request: FaultRequest): ArmedFault;
  /** Whether a fault for these paths looks into the body. @param paths the path as called and as the endpoint's template */
  looksInside(paths: readonly string[]): boolean;
  /** The fault for a call, if any; it counts as used. @param fields of the body, where {@link looksInside} asks for them */
  take(paths: readonly string[], fields?: Record<string, unknown>): Fault | undefined;
  list(): ArmedFault[];
  /** Removes one, or all. False when there is none with this id. */
  clear(id?: string): boolean;
}

const ALIASES: Readonly<Record<string, readonly string[]>> = {
  token: ['/gettoken', '/v1.0/oauth2/accessToken', '/v1.0/oauth2/{corpId}/token'],
  userinfo: ['/topapi/v2/user/getuserinfo', '/user/getuserinfo'],
  userdetail: ['/topapi/v2/user/get', '/user/get'],
};

/** Whether the word names several endpoints at once. */
export function isFaultAlias(endpoint: string): boolean {
  return endpoint === 'any' || endpoint in ALIASES;
}

/** Makes an empty store. */
export function createFaultStore(): FaultStore {
  let armed: ArmedFault[] = [];
  const randomSources = new Map<string, Random>();
  let lastId = 0;
  return {
    add(request) {
      const { endpoint, times, where, share, fault } = faultRequest.parse(request);
      lastId += 1;
      randomSources.set(`fault-${lastId}`, createRandom(lastId, 61));
      const remaining = times ?? (fault.kind === 'reorderRefresh' ? 2 : 1);
      const entry: ArmedFault = { id: `fault-${lastId}`, endpoint, where, share, remaining, hits: 0, fault };
      armed.push(entry);
      return entry;
    },
    looksInside: (paths) =>
      armed.some(({ where, remaining, endpoint }) => where && remaining !== 0 && fits(endpoint, paths)),
    take(paths, fields = {}) {
      const entry = armed.find(
        (candidate) =>
          candidate.remaining !== 0 &&
          fits(candidate.endpoint, paths) &&
          Object.entries(candidate.where ?? {}).every(
            ([name, value]) => String(fields[name]) === String(value),
          ) &&
          (candidate.share === undefined || randomSources.get(candidate.id)!.next() < candidate.share),
      );
      if (!entry) return undefined;
      entry.hits += 1;
      if (entry.remaining !== 'always') entry.remaining -= 1;
      return entry.fault;
    },
    list: () => armed.map((entry) => ({ ...entry })),
    clear(id) {
      const before = armed.length;
      armed = id === undefined ? [] : armed.filter((entry) => entry.id !== id);
      return id === undefined || armed.length < before;
    },
  };
}

function fits(endpoint: string, paths: readonly string[]): boolean {
  if (endpoint === 'any') return true;
  return paths.some((path) => path === endpoint || (ALIASES[endpoint] ?? []).includes(path));
}
