import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type LoadProcess as LoadGenerator, serveLoads, startLoadGenerator } from './load-process';

/** Whole requests, sent as they are: composing them would cost the load generator more than a verdict costs the gate. */
export interface RawLoad {
  port: number;
  /** Sent in turn, beginning with the first. */
  requests: readonly string[];
  connections: number;
  /** It ends after so many milliseconds, or with the last request where each is sent once. */
  until: number | 'each-once';
  /** So many a second; as many as there can be by default. */
  perSecond?: number;
}

export interface RawResult {
  requests: number;
  seconds: number;
  /** Answers other than 200. */
  failures: number;
  p50: number;
  p99: number;
}

export type RawLoadProcess = LoadGenerator<RawLoad, RawResult>;

export function startRawLoad(): RawLoadProcess {
  return startLoadGenerator(fileURLToPath(import.meta.url));
}

async function run({ port, requests, connections, until, perSecond }: RawLoad): Promise<RawResult> {
  const sent = requests.map((request) => Buffer.from(request, 'latin1'));
  const times: number[] = [];
  let next = 0;
  let failures = 0;
  const started = performance.now();
  const isOver = () => (until === 'each-once' ? next >= sent.length : performance.now() - started >= until);
  const dueIn = () =>
    perSecond === undefined ? 0 : (next / perSecond) * 1000 - (performance.now() - started);

  const connection = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1').setNoDelay(true);
      let asked = 0;
      let text = '';
      const ask = () => {
        if (isOver()) return void socket.end();
        const wait = dueIn();
        if (wait > 1) return void setTimeout(ask, wait);
        asked = performance.now();
        text = '';
        socket.write(sent[next++ % sent.length] as Buffer);
      };
      socket.once('connect', ask).once('close', () => resolve());
      socket.on('error', reject).on('data', (chunk) => {
        text += chunk.toString('latin1');
        if (!isWhole(text)) return;
        if (!text.startsWith('HTTP/1.1 200')) failures++;
        times.push(performance.now() - asked);
        ask();
      });
    });

  await Promise.all(Array.from({ length: connections }, connection));
  const ms = performance.now() - started;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { requests: times.length, seconds: ms / 1000, failures, p50: at(0.5), p99: at(0.99) };
}

/** Both servers answer a 200 in one piece; a refusal has a body of a length that is told. */
function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return false;
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(text)) return text.endsWith('0\r\n\r\n');
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
  return text.length >= head + 4 + length;
}

serveLoads(run);
