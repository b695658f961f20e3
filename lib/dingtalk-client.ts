import 'server-only';
import { type Config, config } from './config';
import { type Client, createClient } from './dingtalk/client';
import { createProxyFor } from './dingtalk/outgoing-proxy';
import { keepOutOfLog } from './log';
import { countCall } from './metrics';
import { outsideRequest, singleton } from './singleton';

/** Fetches the app token and connects ahead of a sign-in that is about to come. Never throws. */
export function expectSignIn(): void {
  dingTalkClient()
    .warm()
    .catch(() => undefined);
}

/** The one DingTalk client of this process. */
export const dingTalkClient = singleton('platform', () => clientOf(config()));

const hostClients = singleton('host-clients', () => new Map<string, Client>());

/** The client of a protected host's own app: the codes of that app, and no others, are exchanged with it. */
export function hostAppClient(app: Credentials): Client {
  let client = hostClients().get(app.clientId);
  if (!client) {
    client = outsideRequest(() => clientOf(app));
    hostClients().set(app.clientId, client);
  }
  return client;
}

type Credentials = Pick<Config, 'clientId' | 'clientSecret'>;

function clientOf({ clientId, clientSecret }: Credentials): Client {
  const { apiUrl, oapiUrl } = config();
  const client = createClient({
    clientId,
    clientSecret,
    apiUrl,
    oapiUrl,
    onToken: keepOutOfLog,
    onAnswer: countCall,
    proxyFor: proxyFor(),
  });
  // Its token, its connections and its deadlines outlive the request that asks first.
  return {
    ...client,
    call: (request) => outsideRequest(() => client.call(request)),
    warm: () => outsideRequest(client.warm),
  };
}

/** Which outgoing proxy DingTalk's addresses are asked through, calls and Stream alike. */
export const proxyFor = singleton('outgoing-proxy', () => createProxyFor(config().outgoingProxy));
