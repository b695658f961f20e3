import type { App } from './app';
import type { Visitor } from './http-session';
import { send, type WireAnswer, type WireRequest } from './raw-request';

/** The gate of an app, asked as a reverse proxy asks it: without a proxy. */
export interface Gate {
  url: string;
  app: App;
  /** What its proxies send with every question. */
  secret?: string;
}

const NAVIGATION = { accept: 'text/html,*/*', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' };

/** What a browser keeps of one protected host. */
export class HostVisitor {
  readonly cookies = new Map<string, string>();
  readonly #gate: Gate;
  readonly host: string;

  constructor(gate: Gate, host: string) {
    this.#gate = gate;
    this.host = host;
  }

  /** A proxy's question about a request for a page of the host. */
  verify(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<WireAnswer> {
    return this.#keeping({
      path: '/.dingpass/verify/forward-auth',
      headers: {
        host: 'gate.internal',
        'x-forwarded-method': method,
        'x-forwarded-proto': 'https',
        'x-forwarded-host': this.host,
        'x-forwarded-uri': path,
        ...headers,
      },
    });
  }

  /** The same for a page that a person opens. */
  open(path: string, headers: Record<string, string> = {}): Promise<WireAnswer> {
    return this.verify(path, { ...NAVIGATION, ...headers });
  }

  /** A request for one of the gate's own addresses on the host. */
  ask(path: string, init: Omit<WireRequest, 'path'> = {}): Promise<WireAnswer> {
    return this.#keeping({ ...init, path, headers: { ...NAVIGATION, ...init.headers, host: this.host } });
  }

  /** Opens a page, goes to the main origin and comes back. @returns the answer to the ticket */
  async signIn(member: Visitor, path = '/p'): Promise<WireAnswer> {
    return this.ask(await this.ticketFor(member, path));
  }

  /** Opens a page and goes to the main origin. @returns path and query of the way back */
  async ticketFor(member: Visitor, path = '/p'): Promise<string> {
    const { location: there = '' } = (await this.open(path)).headers;
    const { headers, status } = await member.ask(there.replace(/^https?:\/\/[^/]+/, ''));
    const back = headers.get('location') ?? '';
    if (!back.startsWith(`https://${this.host}/.dingpass/ticket`))
      throw new Error(`no ticket: ${status} ${there} → ${back}`);
    return back.replace(`https://${this.host}`, '');
  }

  async #keeping(request: WireRequest): Promise<WireAnswer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await send(this.#gate, {
      ...request,
      headers: {
        ...(cookie ? { cookie } : {}),
        ...(this.#gate.secret ? { 'x-dingpass-proxy-secret': this.#gate.secret } : {}),
        ...request.headers,
      },
    });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair = ''] = line.split('; ');
      const at = pair.indexOf('=');
      if (/max-age=0/i.test(line)) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }
}
