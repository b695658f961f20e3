import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { publicPartOf } from '../../../lib/doctor/app-report';
import { describeFinding } from '../../../lib/doctor/description';
import { exitCodeOf } from '../../../lib/doctor/doctor';
import { checkNode } from '../../../lib/doctor/machine-checks';
import { sealProbe } from '../../../lib/doctor/probe';
import { blamed, type DoctorScene, secretsIn, startDoctorScene } from '../../support/doctor-scene';

let scene: DoctorScene;
beforeAll(async () => {
  scene = await startDoctorScene();
});
afterAll(() => scene.close());

test('a right set-up is all green', async () => {
  const report = await scene.examine();
  expect(blamed(report)).toEqual([]);
  expect(report.findings.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'manual')).toEqual([]);
  expect(exitCodeOf(report)).toBe(0);
  expect(secretsIn(report, scene.env)).toEqual([]);
  expect(report.ms).toBeLessThan(10_000);
});

test('a partial contact range is told in words: how many of the departments, and which', async () => {
  const { company, control } = scene.emulator;
  const above = company.departments.find(({ id }) => id !== 1 && company.childrenOf(id).length > 0)!;
  control.settings({ scope: { departments: [above.id], users: [company.people[0]!.userid] } });
  const report = await scene.examine();
  scene.mend();
  const range = report.findings.find(({ id }) => id === 'range')!;
  const below = company.departments.filter(({ id }) => company.pathOf(id).includes(above.id)).length;
  expect(describeFinding(range, 'en').found).toBe(
    `${below} of ${company.departments.length - 1} departments (${above.name}, with those below) and 1 single people`,
  );
});

test('what cannot be reached from this machine is no fault, nor is anything that hangs on it', async () => {
  const report = await scene.examine(
    { PUBLIC_ORIGIN: 'https://door.example.invalid' },
    { except: ['redirect-url'] },
  );
  expect(blamed(report)).toEqual([]);
  const untried = report.findings.filter(({ outcome }) => outcome === 'untried').map(({ id }) => id);
  expect(untried).toEqual(expect.arrayContaining(['origin', 'origin-cookies', 'proxy-hops', 'callback']));
  expect(exitCodeOf(report)).toBe(0);
});

test('Node.js must be new enough, and its extra roots must be a file that it has read', async () => {
  expect(checkNode('20.18.9')).toMatchObject({ outcome: 'bad', fault: 'node-old' });
  expect(checkNode('24.0.0').outcome).toBe('ok');
  const rootsOf = async (path: string, isInFile = false) => {
    vi.resetModules();
    vi.stubEnv('NODE_EXTRA_CA_CERTS', isInFile ? '' : path);
    const { machineChecks } = await import('../../../lib/doctor/machine-checks');
    vi.stubEnv('NODE_EXTRA_CA_CERTS', path);
    const result = await machineChecks.find(({ id }) => id === 'tls-roots')!.run(undefined as never);
    vi.unstubAllEnvs();
    return result.fault ?? result.outcome;
  };
  expect(await rootsOf('/nowhere/roots.pem')).toBe('roots-unread');
  expect(await rootsOf('package.json')).toBe('roots-unread');
  expect(await rootsOf('/nowhere/roots.pem', true)).toBe('roots-late');
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  expect(await rootsOf('')).toBe('verification-off');
});

test('strangers are told which checks failed, but none that would help an attacker', async () => {
  const report = await scene.examine({
    SESSION_KEYS: `1:${'0123456789'.repeat(5)}`,
    TRUSTED_PROXY_HOPS: '1',
    DINGTALK_CORP_ID: 'dinganother0002corp',
  });
  expect(blamed(report)).toHaveLength(3);
  expect(publicPartOf(report)).toMatchObject({ warn: [], bad: ['company'] });
});

test('what arrives is told to a seal of the session keys only', async () => {
  await scene.examine({}, { maySpend: false });
  const ask = (seal: string) =>
    fetch(`${scene.env.PUBLIC_ORIGIN}/api/doctor`, { method: 'POST', headers: { 'x-dingpass-probe': seal } });
  const settings = { sessionKeys: new Map([['1', scene.env.SESSION_KEYS!.slice(2)]]), sealKey: '1' };
  expect((await ask(await sealProbe(settings, 'a-nonce'))).status).toBe(200);
  const others = { sessionKeys: new Map([['1', 'f3b1c9'.repeat(6)]]), sealKey: '1' };
  for (const seal of ['', '1.Fe26.2**', await sealProbe(others, 'a-nonce')])
    expect((await ask(seal)).status).toBe(404);
});
