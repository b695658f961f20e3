import { z } from 'zod';
import { createRandom, type Random } from '../company/random';
import { type Fault, faultSchema } from './fault-kinds';

const faultRequest = z.strictObject({
  /** `any`, `token`, `userinfo`, `userdetail`, or the exact path of an endpoint. */
  endpoint: z.string().min(1),
  /** How many calls, the next ones; default 1 (2 for `reorderRefresh`, which needs two). */
  times: z.union([z.int().min(1), z.literal('always')]).optional(),
  /** Only calls whose body has these values, such as `{"dept_id": 1, "cursor": 100}`. */
  where: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  /** Only this share of the calls, 0 to 1; the choice is pseudo-random and repeatable. */
  share: z.number().gt(0).max(1).optional(),
  fault: faultSchema,
});

/** A fault as a test or the control plane requests it. */
export type FaultRequest = z.input<typeof faultRequest>;

/** A fault with the calls that it still waits for, and those that it has met. */
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

/** Armed faults, in the order in which they were added: the first that matches a call is used. */
export type FaultStore = ReturnType<typeof createFaultStore>;

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
export function createFaultStore() {
  let armed: ArmedFault[] = [];
  const randomSources = new Map<string, Random>();
  let lastId = 0;
  return {
    add(request: FaultRequest): ArmedFault {
      const { endpoint, times, where, share, fault } = faultRequest.parse(request);
      lastId += 1;
      randomSources.set(`fault-${lastId}`, createRandom(lastId, 61));
      const remaining = times ?? (fault.kind === 'reorderRefresh' ? 2 : 1);
      const entry: ArmedFault = { id: `fault-${lastId}`, endpoint, where, share, remaining, hits: 0, fault };
      armed.push(entry);
      return entry;
    },
    /** Whether a fault for these paths needs the body. @param paths the path as called and as the endpoint's template */
    looksInside: (paths: readonly string[]): boolean =>
      armed.some(({ where, remaining, endpoint }) => where && remaining !== 0 && fits(endpoint, paths)),
    /** The fault for a call, if any; it counts as used. @param fields of the body, where `looksInside` asks for them */
    take(paths: readonly string[], fields: Record<string, unknown> = {}): Fault | undefined {
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
    list: (): ArmedFault[] => armed.map((entry) => ({ ...entry })),
    /** Removes one, or all. False when there is none with this id. */
    clear(id?: string): boolean {
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
