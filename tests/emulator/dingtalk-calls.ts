import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/server';

/** An answer with its headers and its text, unparsed where digits matter. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into every kind of answer
  json: any;
}

/** Runs a test against an emulator of its own. */
export async function withEmulator(
  options: EmulatorOptions,
  run: (emulator: Emulator) => Promise<void>,
): Promise<void> {
  const emulator = await startEmulator(options);
  try {
    await run(emulator);
  } finally {
    await emulator.close();
  }
}

/** One request; nothing is followed. */
export async function request(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json };
}

/** A POST of JSON. */
export function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const init = { method: 'POST', body: JSON.stringify(body) };
  return request(url, { ...init, headers: { 'content-type': 'application/json', ...headers } });
}

/** The app's token, by the way that the app uses. */
export async function fetchToken({ url, clientId, clientSecret }: Emulator): Promise<string> {
  const reply = await postJson(`${url}/v1.0/oauth2/accessToken`, {
    appKey: clientId,
    appSecret: clientSecret,
  });
  return reply.json.accessToken as string;
}

/** A call to a /topapi endpoint with a fresh or given token. */
export async function topapi(
  emulator: Emulator,
  path: string,
  body: unknown,
  token?: string,
): Promise<Reply> {
  const used = token ?? (await fetchToken(emulator));
  return postJson(`${emulator.url}${path}?access_token=${used}`, body);
}

/** A call to a flat legacy endpoint. */
export async function flat(
  emulator: Emulator,
  path: string,
  query: Record<string, string> = {},
): Promise<Reply> {
  const search = new URLSearchParams({ access_token: await fetchToken(emulator), ...query });
  return request(`${emulator.url}${path}?${search}`);
}
