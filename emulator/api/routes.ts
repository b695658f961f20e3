import { appTokenEndpoints } from './endpoints/app-token';
import { calendarEndpoints } from './endpoints/calendar';
import { callBackEndpoints } from './endpoints/call-back';
import { codeEndpoints } from './endpoints/code';
import { departmentEndpoints } from './endpoints/departments';
import type { Endpoint } from './endpoints/endpoint';
import { gatewayEndpoints } from './endpoints/gateway';
import { jsapiTicketEndpoints } from './endpoints/jsapi-ticket';
import { leaveRecordEndpoints } from './endpoints/leave-records';
import { legacyEndpoints } from './endpoints/legacy';
import { loginEndpoints } from './endpoints/login';
import { memberEndpoints } from './endpoints/members';
import { noticeEndpoints } from './endpoints/notices';
import { robotEndpoints } from './endpoints/robots';
import { roleEndpoints } from './endpoints/roles';
import { searchEndpoints } from './endpoints/search';
import { userTokenEndpoints } from './endpoints/user-token';

/** Every endpoint of DingTalk that the emulator has. */
const ENDPOINTS: readonly Endpoint[] = [
  ...appTokenEndpoints,
  ...codeEndpoints,
  ...memberEndpoints,
  ...departmentEndpoints,
  ...roleEndpoints,
  ...searchEndpoints,
  ...leaveRecordEndpoints,
  ...legacyEndpoints,
  ...jsapiTicketEndpoints,
  ...loginEndpoints,
  ...userTokenEndpoints,
  ...callBackEndpoints,
  ...gatewayEndpoints,
  ...calendarEndpoints,
  ...noticeEndpoints,
  ...robotEndpoints,
];

const byPath = new Map(ENDPOINTS.map((endpoint) => [endpoint.path, endpoint]));
const templates = ENDPOINTS.filter((endpoint) => endpoint.path.includes('{')).map((endpoint) => ({
  endpoint,
  names: [...endpoint.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!),
  pattern: new RegExp(`^${endpoint.path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '([^/]+)')}$`),
}));

/** Whether a path is DingTalk's: one of its endpoints, or one that only DingTalk could have. */
export function isDingtalkPath(path: string): boolean {
  return byPath.has(path) || path.startsWith('/topapi/') || path.startsWith('/v1.0/');
}

/** The endpoint at a path, with the values that stand in its `{…}`; where several methods have one, the method's. */
export function findEndpoint(
  path: string,
  method?: string,
): { endpoint: Endpoint; parameters: Record<string, string> } | undefined {
  const exact = byPath.get(path);
  if (exact) return { endpoint: exact, parameters: {} };
  const fitting = templates.filter(({ pattern }) => pattern.test(path));
  const found = fitting.find(({ endpoint }) => endpoint.method === method) ?? fitting[0];
  const values = found?.pattern.exec(path);
  if (!found || !values) return undefined;
  const parameters = found.names.map((name, at) => [name, decode(values[at + 1]!)]);
  return { endpoint: found.endpoint, parameters: Object.fromEntries(parameters) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
