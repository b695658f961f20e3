import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Balancer, startBalancer } from '../../../emulator/demo/balancer';

const machines: Server[] = [];
let balancer: Balancer;
afterEach(() => {
  balancer.close();
  for (const machine of machines.splice(0)) machine.close().closeAllConnections();
});

/** A machine that answers with its number and what it was sent. */
async function machine(number: number, isReady = () => true): Promise<string> {
  const server = createServer(async (request, response) => {
    if (request.url === '/api/ready') return response.writeHead(isReady() ? 200 : 503).end();
    let body = '';
    for await (const chunk of request) body += chunk;
    response.end(JSON.stringify({ number, body, headers: request.headers }));
  });
  machines.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ask = async (init?: RequestInit) => {
  const answer = await fetch(`${balancer.url}/page`, init);
  return { machine: answer.headers.get('x-demo-machine'), ...(answer.ok ? await answer.json() : {}) };
};

test('a browser meets the machines in turn, with all that it sends', async () => {
  balancer = await startBalancer([await machine(1), await machine(2)]);
  const headers = { 'x-forwarded-for': '10.0.0.7', host: 'somewhere' };
  const answers = [await ask(), await ask(), await ask({ method: 'POST', body: 'a body', headers })];
  expect(new Set(answers.slice(0, 2).map(({ number }) => number))).toEqual(new Set([1, 2]));
  for (const answer of answers) expect(String(answer.number)).toBe(answer.machine);
  expect(answers[2]).toMatchObject({ body: 'a body', headers: { 'x-forwarded-for': '10.0.0.7' } });
});

test('a machine that is not ready is left out until it is', async () => {
  let isReady = false;
  balancer = await startBalancer([await machine(1), await machine(2, () => isReady)]);
  const met = async () => new Set([(await ask()).number, (await ask()).number]);
  await expect.poll(met).toEqual(new Set([1]));
  isReady = true;
  await expect.poll(met).toEqual(new Set([1, 2]));
});

test('a machine that is gone costs one request', async () => {
  balancer = await startBalancer([await machine(1), 'http://127.0.0.1:9']);
  const answers = [await ask(), await ask(), await ask(), await ask()];
  expect(answers.filter(({ number }) => number === undefined).length).toBeLessThanOrEqual(1);
});
