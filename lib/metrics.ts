import 'server-only';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { COUNTED, METRIC_LIST, type Metric, OBSERVED } from './metric-list';
import { singleton } from './singleton';

/** Of a database: from what an index answers to what gives up. */
const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2];
/** Of Node.js, what grows with the process or says little: the whole answer stays below 300 series. */
const LEFT_OUT = /^nodejs_(?:heap_space|gc_|active_|eventloop_lag_(?:min|mean|stddev|p50|p90))/;

type Labels = Readonly<Record<string, string>>;

/** What this process has counted. */
const meters = singleton('metrics', () => {
  const registry = new Registry();
  const known = new Map<string, Set<string>>();
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  let database: Histogram | undefined;
  for (const { name, kind, labels, en } of METRIC_LIST) {
    const settings = { name, help: en, labelNames: labels, registers: [registry] };
    if (kind === 'counter') counters.set(name, new Counter(settings));
    else if (kind === 'gauge') gauges.set(name, new Gauge(settings));
    else database = new Histogram({ ...settings, buckets: SECONDS });
  }
  return { registry, known, counters, gauges, database };
});

/** The labels, or `other` in place of each once a metric has as many series as it may. */
function bounded({ name, mostSeries = Number.POSITIVE_INFINITY }: Metric, labels: Labels): Labels {
  const { known } = meters();
  const series = known.get(name) ?? new Set();
  known.set(name, series);
  const key = Object.values(labels).join(' ');
  if (series.has(key)) return labels;
  if (series.size >= mostSeries - 1)
    return Object.fromEntries(Object.keys(labels).map((label) => [label, 'other']));
  series.add(key);
  return labels;
}

function count(metric: Metric, labels: Labels, by = 1): void {
  if (by > 0) meters().counters.get(metric.name)?.inc(bounded(metric, labels), by);
}

export const countSignIn = (method: string, outcome: string) => count(COUNTED.signIns, { method, outcome });

export const countVerdict = (verdict: string) => count(COUNTED.verdicts, { verdict });

export const countEndings = (cause: string, people: number) => count(COUNTED.endings, { cause }, people);

/** @param api its path, with `{name}` in place of ids */
export const countCall = (api: string, answer: string) => count(COUNTED.calls, { api, answer });

export function observeDatabase(operation: 'read' | 'write' | 'transaction', milliseconds: number): void {
  meters().database?.observe({ operation }, milliseconds / 1000);
}

/** What a metric is now, by its labels; what is not named any more is gone. */
export function observe(
  metric: keyof typeof OBSERVED,
  values: readonly { labels?: Labels; value: number }[],
): void {
  const gauge = meters().gauges.get(OBSERVED[metric].name);
  gauge?.reset();
  // A gauge without labels comes back as 0: what is not known must not look like it.
  if (values.length === 0 && OBSERVED[metric].labels.length === 0) gauge?.remove();
  for (const { labels = {}, value } of values) gauge?.set(labels, value);
}

const processMetrics = singleton('process-metrics', () => {
  const { registry } = meters();
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray())
    if (LEFT_OUT.test(name)) registry.removeSingleMetric(name);
  return true;
});

/** Everything, in the text format of Prometheus. */
export async function metricsText(): Promise<{ type: string; text: string }> {
  processMetrics();
  const { registry } = meters();
  return { type: registry.contentType, text: await registry.metrics() };
}
