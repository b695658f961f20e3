import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { ALERTS } from '../lib/alarm';
import { ALERT_AFTER_MS } from '../lib/entry/alerts';
import { METRIC_LIST } from '../lib/metric-list';
import { SETTING_NAMES } from '../lib/settings';

const read = (file: string) => readFileSync(file, 'utf8');

describe('what Prometheus and Grafana read', () => {
  const SUFFIXES = ['', '_bucket', '_count', '_sum'];
  const known = new Set(METRIC_LIST.flatMap(({ name }) => SUFFIXES.map((suffix) => name + suffix)));
  /** `dingpass` alone is the name of the job. */
  const metricsIn = (text: string) => [...text.matchAll(/\bdingpass_\w+/g)].map(([name]) => name);

  test('the rules are the five alerts, after the same time, on metrics that there are', () => {
    const [group] = parse(read('deploy/prometheus/alerts.yml')).groups;
    const waits = group.rules.map((rule: { for: string }) => Number.parseInt(rule.for, 10) * 60_000);
    expect(waits).toEqual(ALERTS.map((alert) => ALERT_AFTER_MS[alert]));
    for (const { expr, annotations } of group.rules) {
      expect(metricsIn(expr).length, expr).toBeGreaterThan(0);
      for (const name of metricsIn(expr)) expect(known).toContain(name);
      expect(annotations.summary).toMatch(/\p{Script=Han}.* · [A-Z]/u);
    }
    expect(parse(read('deploy/prometheus/prometheus.yml')).rule_files).toEqual(['alerts.yml']);
  });

  test('the dashboard shows every metric of ours, and no other', () => {
    const dashboard = JSON.parse(read('deploy/grafana/dingpass.json'));
    const shown = new Set(metricsIn(JSON.stringify(dashboard.panels)));
    for (const name of shown) expect(known).toContain(name);
    const missing = METRIC_LIST.filter(({ name }) => !SUFFIXES.some((suffix) => shown.has(name + suffix)));
    expect(missing.map(({ name }) => name)).toEqual([]);
    expect(new Set(dashboard.panels.map(({ id }: { id: number }) => id)).size).toBe(dashboard.panels.length);
  });
});

describe('what runs the image', () => {
  const containerfile = read('Containerfile');
  const heap = /--max-old-space-size=\d+/.exec(read('package.json'))?.[0] ?? '';
  const isSetting = (name: string) =>
    SETTING_NAMES.includes(name) ||
    ['NODE_ENV', 'MALLOC_ARENA_MAX', 'NEXT_TELEMETRY_DISABLED'].includes(name);

  test('the image: from arguments, as nobody in particular, started without a shell, as `npm start` is', () => {
    expect(containerfile).toMatch(/^ARG NODE_IMAGE=/m);
    expect(containerfile).toMatch(/^ARG NPM_REGISTRY=/m);
    expect(containerfile.match(/^FROM (\S+)/gm)).toEqual([
      'FROM ${'.concat('NODE_IMAGE}'),
      'FROM ${'.concat('NODE_IMAGE}'),
    ]);
    const [, last = ''] = containerfile.split(/^FROM /m).slice(1);
    expect(last).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
    expect(last).not.toMatch(/\bnpm\b.*install|apt-get|curl/);
    const command = [...last.matchAll(/^(?:ENTRYPOINT|CMD) (\[.*\])$/gm)].flatMap(([, list = '']) =>
      JSON.parse(list),
    );
    expect(command).toEqual(['node', heap, 'start.mjs']);
    expect(last).toMatch(/^HEALTHCHECK .*CMD \["node", "health\.mjs"\]$/m);
    for (const [, name = ''] of last.matchAll(/\b([A-Z_]{3,})=/g)) expect(isSetting(name), name).toBe(true);
  });

  test('nothing of a .env, of data or of tests is sent to a build, and everything that it needs is', () => {
    const [first, ...rest] = read('.containerignore')
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
    expect(first).toBe('**');
    const sent = rest.map((line) => line.replace(/^!/, ''));
    expect(rest.every((line) => line.startsWith('!'))).toBe(true);
    for (const path of sent) expect(existsSync(path), path).toBe(true);
    expect(sent.filter((path) => /env|^data|^tests|^emulator/.test(path))).toEqual([]);
    expect(read('.dockerignore')).toBe(read('.containerignore'));
  });

  test.each(['compose.yaml', 'compose.postgres.yaml'])(
    '%s: read-only, without rights, stopped in time',
    (file) => {
      const { services } = parse(read(`deploy/compose/${file}`), { merge: true });
      const apps = Object.entries<Record<string, never>>(services).filter(([name]) => name.startsWith('app'));
      expect(apps.length).toBe(file === 'compose.yaml' ? 1 : 2);
      for (const [, app] of apps) {
        expect(app).toMatchObject({
          read_only: true,
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
        });
        expect(Number.parseInt(app.stop_grace_period!, 10)).toBeGreaterThan(15);
        for (const name of Object.keys(app.environment!)) expect(isSetting(name), name).toBe(true);
      }
      for (const { depends_on = {} } of Object.values<{ depends_on?: Record<string, unknown> }>(services))
        for (const name of Object.keys(depends_on)) expect(Object.keys(services)).toContain(name);
      expect(read('deploy/compose/Caddyfile')).toContain('/api/ready');
    },
  );

  test('Kubernetes: two of it, probes on the right addresses, a budget, and nothing that it may write to but its volumes', () => {
    const documents = parseAllDocuments(read('deploy/kubernetes/dingpass.yaml')).map((one) => one.toJS());
    expect(documents.map(({ kind }) => kind)).toEqual([
      'Deployment',
      'Service',
      'HTTPRoute',
      'PodDisruptionBudget',
    ]);
    const [deployment, service, route, budget] = documents;
    const { spec } = deployment.spec.template;
    const [container] = spec.containers;
    const labels = deployment.spec.template.metadata.labels;
    for (const selector of [
      deployment.spec.selector.matchLabels,
      service.spec.selector,
      budget.spec.selector.matchLabels,
    ])
      expect(labels).toMatchObject(selector);
    expect(container.readinessProbe.httpGet.path).toBe('/api/ready');
    expect([container.livenessProbe, container.startupProbe].map(({ httpGet }) => httpGet.path)).toEqual([
      '/api/health',
      '/api/health',
    ]);
    expect(container.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    expect(spec.securityContext.runAsNonRoot).toBe(true);
    const { DRAIN_SECONDS } = Object.fromEntries(
      container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
    );
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(DRAIN_SECONDS) + 10);
    for (const { name } of container.env) expect(isSetting(name), name).toBe(true);
    expect(route.spec.rules[0].backendRefs[0]).toEqual({
      name: service.metadata.name,
      port: service.spec.ports[0].port,
    });
    expect(container.ports.map(({ name }: { name: string }) => name)).toContain(
      service.spec.ports[0].targetPort,
    );
  });

  test('systemd: the same command, ended in time', () => {
    const unit = read('deploy/systemd/dingpass.service');
    expect(unit).toContain(`ExecStart=/usr/bin/node ${heap} start.mjs`);
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(15);
    expect(unit).toMatch(/^ProtectSystem=strict$/m);
  });
});
