import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ALERTS } from '../lib/alarm';
import { ALERT_AFTER_MS } from '../lib/entry/alerts';
import { METRIC_LIST } from '../lib/metric-list';

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
