import { type ClientRequest, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpsProxyAgent } from 'https-proxy-agent';

/** Below the minute after which load balancers drop an idle connection, so that we let go first. */
export const IDLE_CONNECTION_MS = 55_000;
/** Where a name has several addresses, Node gives each 250 ms, which a far or slow line takes longer than. */
const ADDRESS_ATTEMPT_MS = 1000;
/** Less than the limit of a call, so that the call can say that it was the proxy. */
const PROXY_ANSWER_MS = 2500;

/** The HTTP proxy through which an address is asked, with the credentials for it; undefined: asked directly. */
export type ProxyFor = (url: URL) => URL | undefined;

/** The outgoing proxy gave no way through. `code` begins with `proxy-`; the proxy is named without its credentials. */
export class ProxyError extends Error {
  readonly code: string;
  readonly proxy: string;

  constructor(code: string, proxy: string, options?: { cause?: unknown }) {
    super(`${proxy}: ${code}`, options);
    this.name = 'ProxyError';
    this.code = code;
    this.proxy = proxy;
  }
}

type ConnectOptions = Parameters<HttpsProxyAgent<string>['connect']>[1];

/** Asks the proxy for a tunnel (`CONNECT`) for each connection; its refusal is never taken for an answer of the far end. */
class TunnelAgent extends HttpsProxyAgent<string> {
  /** Otherwise it is guessed from the call stack, which a bundler may cut. */
  isForTls = false;

  override isSecureEndpoint(): boolean {
    return this.isForTls;
  }

  override async connect(request: ClientRequest, options: ConnectOptions) {
    const attempt = new AbortController();
    // A request that is given up tells its agent nothing: without a limit of its own the connection would stay for ever.
    const timer = setTimeout(() => attempt.abort(), PROXY_ANSWER_MS);
    let status: number | undefined;
    request.once('proxyConnect', (answer: { statusCode: number }) => {
      status = answer.statusCode;
    });
    try {
      const once = new HttpsProxyAgent(this.proxy, { ...this.connectOpts, signal: attempt.signal });
      const socket = await once.connect(request, options);
      if (status === 200) return socket;
      socket.destroy();
      throw new ProxyError(`proxy-${status}`, this.proxy.origin);
    } catch (cause) {
      if (cause instanceof ProxyError) throw cause;
      const reason = (cause as NodeJS.ErrnoException).code ?? 'no-answer';
      const code = attempt.signal.aborted ? 'proxy-timeout' : `proxy-${reason}`;
      throw new ProxyError(code, this.proxy.origin, { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * The agents that connections are made with: direct ones, and one for each proxy. TLS is always verified, whatever
 * NODE_TLS_REJECT_UNAUTHORIZED says.
 *
 * @returns the agent for an `http:`, `https:`, `ws:` or `wss:` address
 */
export function createAgents(options: {
  proxyFor?: ProxyFor | undefined;
  keepAlive: boolean;
}): (url: URL) => HttpAgent {
  const connection = {
    keepAlive: options.keepAlive,
    maxSockets: 32,
    timeout: IDLE_CONNECTION_MS,
    rejectUnauthorized: true,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
  };
  const direct = { plain: new HttpAgent(connection), secure: new HttpsAgent(connection) };
  const tunnels = new Map<string, HttpAgent>();
  return (url) => {
    const isForTls = /^(https|wss):$/.test(url.protocol);
    const proxy = options.proxyFor?.(url);
    if (!proxy) return isForTls ? direct.secure : direct.plain;
    const key = `${isForTls} ${proxy.href}`;
    const known = tunnels.get(key);
    if (known) return known;
    const tunnel = Object.assign(new TunnelAgent(proxy.href, connection), { isForTls });
    // Its constructor drops what Node's own agents keep: idle connections would never end.
    Object.assign(tunnel.options, connection);
    tunnels.set(key, tunnel);
    return tunnel;
  };
}
