import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { drawAvatar } from '../company/avatars';
import { readBody } from '../platform/call-request';
import type { ClientCodeRequest } from '../platform/client-code';
import { ControlError } from '../platform/control-error';
import type { FaultRequest } from '../platform/faults';
import type { Platform } from '../platform/platform';
import { clientCodeRequest, codeRequest } from './code-minting';
import type { Control } from './control';
import { EVENT_ROUTES } from './event-routes';

const PREFIX = '/__emulator/';
const PAGE = 100;

/** Whether a path belongs to the control plane, and not to the workbench beside it. */
export function isControlPath(path: string): boolean {
  return path.startsWith(PREFIX) && path !== PREFIX && !/^\/__emulator\/workbench(\/|$)/.test(path);
}

/** Answers a request to the control plane: JSON in, JSON out. README.md documents every route. */
export async function handleControl(
  platform: Platform,
  control: Control,
  exchange: { req: IncomingMessage; res: ServerResponse },
): Promise<void> {
  const { req, res } = exchange;
  try {
    const url = new URL(req.url ?? '/', platform.url);
    const avatar = /^\/__emulator\/avatars\/([^/]+)\.svg$/.exec(url.pathname)?.[1];
    if (avatar !== undefined) return sendAvatar(platform, res, decode(avatar));
    requireOwnOrigin(platform, req);
    const { kind, fields } = await readBody(req, 'json');
    if (kind === 'unreadable') throw new ControlError(400, 'the body must be a JSON object');
    const { run, id } = findRoute(req.method ?? '', url.pathname);
    const body = await run({ platform, control, id, query: url.searchParams, fields });
    sendJson(res, 200, body ?? { ok: true });
  } catch (error) {
    if (error instanceof ControlError) return sendJson(res, error.status, { error: error.message });
    if (error instanceof z.ZodError) return sendJson(res, 400, { error: z.prettifyError(error) });
    sendJson(res, 500, { error: String(error) });
  }
}

/** A request to the control plane; `id` is the second segment of its path. */
interface ControlRequest {
  platform: Platform;
  control: Control;
  id: string;
  query: URLSearchParams;
  fields: Record<string, unknown>;
}

const configRequest = z.strictObject({ parameters: z.record(z.string(), z.unknown()), url: z.string() });
const moveRequest = z.strictObject({ userid: z.string(), departmentIds: z.array(z.int()).min(1).optional() });
const readRequest = z.strictObject({ userid: z.string(), taskId: z.int() });
const promotion = z.strictObject({ userid: z.string(), level: z.enum(['main', 'sub', 'none']).optional() });

/** By method and path, with `*` for an id. */
const ROUTES: Record<string, (request: ControlRequest) => unknown> = {
  ...EVENT_ROUTES,
  'POST codes': ({ control, fields }) => {
    const { userid, ...options } = codeRequest.parse(fields);
    return { code: control.mintCode(userid, options) };
  },
  'POST jsapi/code': ({ control, fields }) =>
    control.clientCode(clientCodeRequest.parse(fields) as ClientCodeRequest),
  'POST jsapi/config': ({ control, fields }) => control.judgeConfig(configRequest.parse(fields)),
  // The store parses it: an order in the wrong shape is a ZodError.
  'POST faults': ({ control, fields }) => control.fault(fields as unknown as FaultRequest),
  'GET faults': ({ control }) => ({ faults: control.faults() }),
  'DELETE faults': ({ control }) => control.clearFaults(),
  'DELETE faults/*': ({ control, id }) => control.clearFaults(id),
  'GET clock': ({ control }) => control.clock(),
  'POST clock': ({ control, fields }) => {
    control.advanceClock(z.strictObject({ advanceMs: z.number() }).parse(fields).advanceMs);
    return control.clock();
  },
  'GET calls': ({ control }) => control.calls(),
  'POST reset': ({ control }) => control.reset(),
  'GET settings': ({ control }) => control.settings(),
  'POST settings': ({ control, fields }) => control.settings(fields),
  'POST tokens/revoke': ({ control }) => control.revokeTokens(),
  'POST move': ({ control, fields }) => {
    const { userid, departmentIds } = moveRequest.parse(fields);
    return control.move(userid, departmentIds);
  },
  'POST promote': ({ control, fields }) => {
    const { userid, level } = promotion.parse(fields);
    return control.promote(userid, level);
  },
  'GET notices': ({ control, query }) => ({ notices: control.notices(query.get('userid') ?? '') }),
  'POST notices': ({ control, fields }) => {
    const { userid, taskId } = readRequest.parse(fields);
    return control.readNotice(userid, taskId);
  },
  'GET robot': ({ control }) => control.robot(),
  'GET people': ({ control, query }) => listPeople(control, query),
  'POST people': ({ control, fields }) => control.hire(fields),
  'POST people/*': ({ control, id, fields }) => control.patchPerson(id, fields),
  'DELETE people/*': ({ control, id }) => control.fire(id),
  'POST departments': ({ control, fields }) =>
    control.addDepartment(fields as { name: string; parentId: number }),
  'POST departments/*': ({ control, id, fields }) => control.patchDepartment(Number(id), fields),
  'DELETE departments/*': ({ control, id }) => control.dissolve(Number(id)),
  'GET company': ({ platform }) => describeCompany(platform),
};

function findRoute(method: string, path: string) {
  const [noun = '', id, ...more] = path.slice(PREFIX.length).split('/').map(decode);
  const rest = id === undefined ? '' : /^(tokens|jsapi)$/.test(noun) ? `/${id}` : '/*';
  const run = ROUTES[`${method} ${noun}${rest}`];
  if (!run || more.length > 0) throw new ControlError(404, `nothing here: ${method} ${path}`);
  return { run, id: id ?? '' };
}

function listPeople(control: Control, query: URLSearchParams): unknown {
  const found = control.people(query.get('q') ?? '');
  const offset = Math.max(0, Number(query.get('offset')) || 0);
  return { total: found.length, people: found.slice(offset, offset + PAGE) };
}

function describeCompany({ app, company }: Platform): unknown {
  const { corpId, clientId, agentId } = app;
  return {
    corpId,
    corpName: company.corpName,
    clientId,
    agentId,
    members: company.people.length,
    activeMembers: company.people.filter((person) => person.active).length,
    departments: company.departments.length - 1,
    outsiders: company.outsiders.map(({ id, kind, nick }) => ({ id, kind, nick })),
  };
}

// A page of another site in the developer's browser must not be able to sign people in here.
function requireOwnOrigin(platform: Platform, { headers: { origin } }: IncomingMessage): void {
  if (origin !== undefined && !platform.hosts.some((host) => origin === `http://${host}`)) {
    throw new ControlError(403, 'the control plane does not answer other origins');
  }
}

function sendAvatar(platform: Platform, res: ServerResponse, userid: string): void {
  const person = platform.company.person(userid);
  if (!person?.hasAvatar) throw new ControlError(404, 'no such picture');
  res.writeHead(200, {
    'content-type': 'image/svg+xml',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'cross-origin',
    'x-content-type-options': 'nosniff',
    'cache-control': 'max-age=300',
  });
  res.end(drawAvatar(person));
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json;charset=utf-8', 'cache-control': 'no-store' });
  res.end(JSON.stringify(body));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
