import { createServer } from 'node:https';
import { createAuthority } from '../certificates';
import { startConnectProxy } from '../connect-proxy';
import type { DoctorScene } from '../doctor-scene';
import { listen } from './fronts';
import { type BrokenSetUp, setting } from './set-up';

const permission = (point: string): BrokenSetUp => ({
  name: `without ${point}`,
  blamed: `permission:${point}: ${point.startsWith('field') ? 'fields-missing' : 'permission-missing'}`,
  make({ emulator: { control } }) {
    const permissions = control.settings().permissions.filter((one) => one !== point);
    control.settings({ permissions });
    return {};
  },
});

/** Something is changed in DingTalk. */
const change = (name: string, blamed: string, act: (scene: DoctorScene) => void): BrokenSetUp => ({
  name,
  blamed,
  make(scene) {
    act(scene);
    return {};
  },
});

/** The app as DingTalk has it, and the way there. */
export const dingTalk: BrokenSetUp[] = [
  setting(
    'the secret of another app',
    { DINGTALK_CLIENT_SECRET: 'another-secret-of-another-app-0002' },
    'token: bad-credentials',
  ),
  setting(
    'the Client ID of another app',
    { DINGTALK_CLIENT_ID: 'dinganotherapp000002' },
    'token: bad-credentials',
  ),
  setting(
    'the CorpId of another company',
    { DINGTALK_CORP_ID: 'dinganother0002corp' },
    'company: company-other',
  ),
  {
    name: 'the two hosts are exchanged',
    blamed: 'token: hosts-swapped',
    make({ env, emulator }) {
      emulator.control.settings({ separateHosts: true });
      return {
        env: { DINGTALK_API_URL: env.DINGTALK_OAPI_URL!, DINGTALK_OAPI_URL: env.DINGTALK_API_URL! },
      };
    },
  },
  setting(
    'a host that does not exist',
    { DINGTALK_API_URL: 'http://api.dingtalk.invalid' },
    'token: host-unknown',
  ),
  setting('a port that is closed', { DINGTALK_API_URL: 'http://127.0.0.1:9' }, 'token: connection-refused'),
  setting(
    'the legacy host is blocked',
    { DINGTALK_OAPI_URL: 'http://127.0.0.1:9' },
    'legacy-api: connection-refused',
  ),
  {
    name: 'a certificate that is not trusted',
    blamed: 'token: certificate-refused',
    async make() {
      const server = createServer(createAuthority().issue({ host: '127.0.0.1' }), (_, response) =>
        response.end(),
      );
      const port = await listen(server);
      return { env: { DINGTALK_API_URL: `https://127.0.0.1:${port}` }, undo: () => server.close() };
    },
  },
  setting(
    'an outgoing proxy that is not there',
    {
      DINGTALK_API_URL: 'http://api.dingtalk.example',
      HTTP_PROXY: 'http://door:a-proxy-password@127.0.0.1:9',
    },
    'token: proxy-failed',
  ),
  {
    name: 'an outgoing proxy that wants a password',
    blamed: 'token: proxy-failed',
    async make({ emulator }) {
      const proxy = await startConnectProxy({ to: emulator.port, credentials: 'door:right' });
      const env = {
        DINGTALK_API_URL: 'https://api.dingtalk.example',
        HTTPS_PROXY: proxy.url.replace('right', 'wrong-password'),
      };
      return { env, undo: proxy.close };
    },
  },
  change('a page of a captive portal', 'token: html-page', ({ emulator: { control } }) => {
    control.fault({ endpoint: 'token', times: 'always', fault: { kind: 'html' } });
  }),
  change('the clock is ten minutes off', 'clock: clock-off', ({ emulator: { control } }) => {
    control.advanceClock(600_000);
  }),
  change('the app is stopped', 'legacy-api: app-disabled', ({ emulator: { control } }) => {
    control.fault({ endpoint: '/auth/scopes', times: 'always', fault: { kind: 'errcode', errcode: 50_003 } });
  }),
  change('the address is not on the list', 'legacy-api: address-refused', ({ emulator: { control } }) => {
    control.settings({ ipWhitelist: ['203.0.113.7'] });
  }),
  change('nobody is in the contact range', 'range: range-empty', ({ emulator: { control } }) => {
    control.settings({ scope: { departments: [], users: [] } });
  }),
  change(
    'one person alone is in the contact range',
    'range: range-partial',
    ({ emulator: { control, company } }) => {
      control.settings({ scope: { departments: [], users: [company.people[0]!.userid] } });
    },
  ),
  change(
    'one of the APIs is down',
    'permission:qyapi_get_department_member: unreachable',
    ({ emulator: { control } }) => {
      control.fault({
        endpoint: '/topapi/v2/user/list',
        times: 'always',
        fault: { kind: 'status', status: 502 },
      });
    },
  ),
  change('DingTalk is down', 'token: unreachable', ({ emulator: { control } }) => {
    control.fault({ endpoint: 'any', times: 'always', fault: { kind: 'status', status: 503 } });
  }),
  change(
    'one department is in the contact range',
    'range: range-partial',
    ({ emulator: { control, company } }) => {
      const [{ id } = { id: 1 }] = company.departments.filter(
        ({ id }) => id !== 1 && company.membersOf(id).length > 0,
      );
      control.settings({ scope: { departments: [id], users: [] } });
    },
  ),
  setting(
    'an administrator who does not exist',
    { ADMIN_USER_IDS: 'nobody.at-all' },
    'named-people: person-unknown',
  ),
  {
    name: 'an administrator outside of the contact range',
    blamed: 'named-people: person-outside',
    make({ emulator: { control, company } }) {
      const [{ id } = { id: 1 }] = company.departments.filter(
        (one) => company.childrenOf(one.id).length === 0,
      );
      const outside = company.people.find(({ departmentIds }) => !departmentIds.includes(id))!;
      control.settings({ scope: { departments: [id], users: [] } });
      return { env: { ADMIN_USER_IDS: outside.userid }, options: { except: ['range'] } };
    },
  },
  change(
    'the redirect URL is not registered',
    'redirect-url: redirect-unknown',
    ({ emulator: { control } }) => {
      control.settings({ redirectUris: ['https://door.example.com/api/oauth/callback'] });
    },
  ),
  setting('the AgentId of another app', { DINGTALK_AGENT_ID: '77' }, 'agent-id: agent-refused'),
  change(
    'DingTalk’s quota is used up',
    'permission:Calendar.Event.Read: quota-spent',
    ({ emulator: { control } }) => {
      control.settings({ monthlyCalls: 0 });
    },
  ),
  setting(
    'no way for events',
    { DINGTALK_STREAM: 'off', DINGTALK_CALLBACK_TOKEN: '', DINGTALK_CALLBACK_AES_KEY: '' },
    'events: events-off',
  ),
  change('the Stream gateway does not answer', 'stream: unreachable', ({ emulator: { control } }) => {
    control.events.stream({ mode: 'unanswered' });
  }),
];

const points = [
  ...[
    'qyapi_base',
    'qyapi_get_member',
    'open_app_api_base',
    'Contact.User.Read',
    'qyapi_get_department_list',
  ],
  ...['qyapi_get_department_member', 'fieldMobile', 'fieldEmail'],
  ...['Calendar.Event.Read', 'Calendar.Event.Write', 'Calendar.EventSchedule.Read'],
];

/** Each permission point. */
export const permissions: BrokenSetUp[] = points.map(permission);
