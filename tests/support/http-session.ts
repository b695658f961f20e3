import type { App } from './app';
import type { InProcessApp } from './in-process-app';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it at once
  json: any;
}

type Target = Pick<App, 'url' | 'origin'> & Partial<Pick<InProcessApp, 'answer'>>;

/** A browser without a screen: keeps cookies by name, follows no redirect, sends the Origin of the app's own pages. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  readonly #app: Target;
  readonly #headers: Record<string, string>;

  /** @param headers sent with every request, such as an address to come from */
  constructor(app: Target, headers: Record<string, string> = {}) {
    this.#app = app;
    this.#headers = headers;
  }

  async ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers({ ...this.#headers, ...Object.fromEntries(new Headers(init.headers)) });
    if (this.cookies.size > 0 && !headers.has('cookie')) headers.set('cookie', this.cookieHeader());
    const request = [this.#app.url + path, { redirect: 'manual', ...init, headers }] as const;
    const response = await (this.#app.answer?.(new Request(...request)) ?? fetch(...request));
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  }

  /** Posts JSON as the sign-in page does. */
  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: this.#app.origin, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(/; */);
    const name = pair.slice(0, pair.indexOf('='));
    if (attributes.some((attribute) => /^max-age=0$/i.test(attribute))) this.cookies.delete(name);
    else this.cookies.set(name, pair.slice(pair.indexOf('=') + 1));
  }
}

/** Signs a new visitor in with a code of the client. */
export async function signedIn(
  app: Target,
  emulator: { control: { mintCode(userid: string): string } },
  userid: string,
): Promise<Visitor> {
  const visitor = new Visitor(app);
  const answer = await visitor.post('/api/session', { code: emulator.control.mintCode(userid) });
  if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${answer.text}`);
  return visitor;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
