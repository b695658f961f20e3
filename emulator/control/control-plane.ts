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
import { runEventRoute } from './event-routes';

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
    const body = await runRoute(platform, control, { method: req.method ?? '', url, fields });
    sendJson(res, 200, body ?? { ok: true });
  } catch (error) {
    if (error instanceof ControlError) return sendJson(res, error.status, { error: error.message });
    if (error instanceof z.ZodError) return sendJson(res, 400, { error: z.prettifyError(error) });
    sendJson(res, 500, { error: String(error) });
  }
}

interface ControlRequest {
  method: string;
  url: URL;
  fields: Record<string, unknown>;
}

function runRoute(platform: Platform, control: Control, { method, url, fields }: ControlRequest): unknown {
  const [noun = '', id, ...more] = url.pathname.slice(PREFIX.length).split('/').map(decode);
  const route = `${method} ${noun}${id === undefined ? '' : /^(tokens|jsapi)$/.test(noun) ? `/${id}` : '/*'}`;
  if (more.length > 0) throw new ControlError(404, `nothing here: ${url.pathname}`);
  const answer = runEventRoute(platform.events, route, fields);
  if (answer) return answer;
  switch (route) {
    case 'POST codes': {
      const { userid, ...options } = codeRequest.parse(fields);
      return { code: control.mintCode(userid, options) };
    }
    case 'POST jsapi/code':
      return control.clientCode(clientCodeRequest.parse(fields) as ClientCodeRequest);
    case 'POST jsapi/config':
      return control.judgeConfig(configRequest.parse(fields));
    case 'POST faults':
      // The store parses it: an order in the wrong shape is a ZodError.
      return control.fault(fields as unknown as FaultRequest);
    case 'GET faults':
      return { faults: control.faults() };
    case 'DELETE faults':
      return control.clearFaults();
    case 'DELETE faults/*':
      return control.clearFaults(id);
    case 'GET clock':
      return control.clock();
    case 'POST clock':
      control.advanceClock(z.strictObject({ advanceMs: z.number() }).parse(fields).advanceMs);
      return control.clock();
    case 'GET calls':
      return control.calls();
    case 'POST reset':
      return control.reset();
    case 'GET settings':
      return control.settings();
    case 'POST settings':
      return control.settings(fields);
    case 'POST tokens/revoke':
      return control.revokeTokens();
    case 'POST move': {
      const { userid, departmentIds } = moveRequest.parse(fields);
      return control.move(userid, departmentIds);
    }
    case 'POST promote': {
      const { userid, level } = promotion.parse(fields);
      return control.promote(userid, level);
    }
    case 'GET notices':
      return { notices: control.notices(url.searchParams.get('userid') ?? '') };
    case 'POST notices': {
      const { userid, taskId } = readRequest.parse(fields);
      return control.readNotice(userid, taskId);
    }
    case 'GET people':
      return listPeople(control, url.searchParams);
    case 'POST people':
      return control.hire(fields);
    case 'POST people/*':
      return control.patchPerson(id!, fields);
    case 'DELETE people/*':
      return control.fire(id!);
    case 'POST departments':
      return control.addDepartment(fields as { name: string; parentId: number });
    case 'DELETE departments/*':
      return control.dissolve(Number(id));
    case 'POST departments/*':
      return control.patchDepartment(Number(id), fields);
    case 'GET company':
      return describeCompany(platform);
    default:
      throw new ControlError(404, `nothing here: ${method} ${url.pathname}`);
  }
}

const configRequest = z.strictObject({ parameters: z.record(z.string(), z.unknown()), url: z.string() });

const moveRequest = z.strictObject({ userid: z.string(), departmentIds: z.array(z.int()).min(1).optional() });
const readRequest = z.strictObject({ userid: z.string(), taskId: z.int() });
const promotion = z.strictObject({ userid: z.string(), level: z.enum(['main', 'sub', 'none']).optional() });

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
