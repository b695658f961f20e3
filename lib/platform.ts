import 'server-only';
import { config } from './config';
import { createClient } from './dingtalk/client';
import { createProxyFor } from './dingtalk/outgoing-proxy';
import { keepOutOfLog } from './log';
import { processWide } from './process-wide';

/** Somebody is about to sign in: what they would have to wait for is begun now. Never throws. */
export function expectSignIn(): void {
  platform()
    .warm()
    .catch(() => undefined);
}

/** The one DingTalk client of this process. */
export const platform = processWide('platform', () => {
  const { clientId, clientSecret, apiUrl, oapiUrl } = config();
  return createClient({
    clientId,
    clientSecret,
    apiUrl,
    oapiUrl,
    onToken: keepOutOfLog,
    proxyFor: proxyFor(),
  });
});

/** Which outgoing proxy DingTalk's addresses are asked through, calls and Stream alike. */
export const proxyFor = processWide('outgoing-proxy', () => createProxyFor(config().outgoingProxy));
