import { requestAuthCode } from '@/lib/webview';

/**
 * The instant sign-in on a protected host, at the address that was opened: a code of this host's own app, a session for
 * it, and the same address again, its fragment included. Whatever does not go smoothly goes by way of the main origin.
 */
const script = document.currentScript as HTMLScriptElement;
const { corpId = '', clientId = '', elsewhere = '/', posting = '' } = script.dataset;
const LOOP_FLAG = 'dingpass-signed-in-at';
/** A dead bridge never answers. */
const CODE_TIMEOUT_MS = 10_000;
/** The cookie that was just set is not there again: the client blocks it, and every reload would sign in anew. */
const LOOP_MS = 10_000;

async function signIn(): Promise<void> {
  if (Date.now() - Number(sessionStorage.getItem(LOOP_FLAG) ?? 0) < LOOP_MS) return leave();
  const code = await requestAuthCode({ corpId, clientId, timeoutMs: CODE_TIMEOUT_MS });
  const line = document.querySelector('[role=status] p');
  if (line) line.textContent = posting;
  const answer = await fetch('/.dingpass/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    credentials: 'same-origin',
    body: JSON.stringify({ code }),
  });
  if (!answer.ok) return leave();
  sessionStorage.setItem(LOOP_FLAG, String(Date.now()));
  location.reload();
}

function leave(): void {
  location.replace(elsewhere + location.hash);
}

signIn().catch(leave);
