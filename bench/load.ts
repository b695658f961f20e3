import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type LoadProcess as LoadGenerator, serveLoads, startLoadGenerator } from './load-process';

/** One request, beside its address. With a body it is a POST of JSON. */
export interface Ask {
  /** Another address than the others'. */
  url?: string;
  cookie?: string;
  body?: string;
}

/** What is asked, by how many at once. Every answer must be a 200. */
export interface Load {
  url: string;
  /** Sent in turn, beginning with the first. */
  asks: readonly Ask[];
  connections: number;
  /** It ends after so many milliseconds, or with the last of `asks` where each is sent once. */
  until: number | 'each-once';
}

export interface LoadResult {
  requests: number;
  seconds: number;
  /** Answers other than 200. */
  failures: number;
  /** Median, in milliseconds. */
  p50: number;
}

export type LoadProcess = LoadGenerator<Load, LoadResult>;

export function startLoadProcess(): LoadProcess {
  return startLoadGenerator(fileURLToPath(import.meta.url));
}

const agent = new Agent({ keepAlive: true });

async function run({ url, asks, connections, until }: Load): Promise<LoadResult> {
  const times: number[] = [];
  let next = 0;
  let failures = 0;
  const started = performance.now();
  const isOver = () => (until === 'each-once' ? next >= asks.length : performance.now() - started >= until);
  const connection = async () => {
    while (!isOver()) {
      const ask = asks[next++ % asks.length] ?? {};
      const asked = performance.now();
      if ((await statusOf(ask.url ?? url, ask)) !== 200) failures++;
      times.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const ms = performance.now() - started;
  const p50 = times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  return {
    requests: times.length,
    seconds: ms / 1000,
    failures,
    p50,
  };
}

function statusOf(url: string, { cookie, body }: Ask): Promise<number | undefined> {
  const { origin } = new URL(url);
  const headers = {
    ...(cookie ? { cookie } : {}),
    ...(body
      ? { origin, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      : {}),
  };
  return new Promise((resolve, reject) => {
    request(url, { agent, method: body ? 'POST' : 'GET', headers }, (incoming) => {
      incoming.resume().once('end', () => resolve(incoming.statusCode));
    })
      .once('error', reject)
      .end(body);
  });
}

serveLoads(run);
