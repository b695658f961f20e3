import type { IncomingMessage, ServerResponse } from 'node:http';

const notices = {
  'app-down': {
    status: 502,
    zh: [
      '应用没有应答',
      '模拟器把请求转给了应用，但应用没有回答：它可能正在启动，也可能已经停止。本页每两秒重试一次。',
    ],
    en: [
      'The app does not answer',
      'The emulator passed the request on and got no answer: the app may be starting, or it has stopped. This page tries again every two seconds.',
    ],
    command: '',
  },
  'no-app': {
    status: 503,
    zh: ['还没有连接应用', '这个模拟器是单独启动的，后面没有应用。下面的命令会构建应用，并把两者一起启动：'],
    en: [
      'No app is connected',
      'This emulator was started on its own, with no app behind it. This command builds the app and starts both together:',
    ],
    command: 'npm run demo',
  },
} as const;

/** Why a request could not reach the app. */
export type Notice = keyof typeof notices;

/** Says, to a person in both languages or to a program in JSON, why the app cannot be reached. */
export function sendNotice(req: IncomingMessage, res: ServerResponse, notice: Notice): void {
  const { status, en } = notices[notice];
  const forPerson = /text\/html/.test(req.headers.accept ?? '');
  res.writeHead(status, {
    'content-type': forPerson ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...(notice === 'app-down' ? { 'retry-after': '2' } : {}),
  });
  res.end(forPerson ? noticePage(notice) : JSON.stringify({ error: { code: notice, message: en[1] } }));
}

function noticePage(notice: Notice): string {
  const { zh, en, command } = notices[notice];
  return `<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${command ? '' : '<meta http-equiv="refresh" content="2">'}
<title>${zh[0]} · ${en[0]}</title>
<style>
  :root { color-scheme: light dark; --ink: #171a1d; --soft: #5c6470; --page: #f5f7fa; --card: #fff; --line: #e3e7ec; --accent: #1677ff }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a0a8b3; --page: #101214; --card: #1b1e22; --line: #2c3137; --accent: #4c97ff } }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 20px; background: var(--page); color: var(--ink);
         font: 15px/1.6 system-ui, "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", sans-serif }
  main { max-width: 26rem; padding: 28px 24px; border: 1px solid var(--line); border-radius: 16px; background: var(--card) }
  i { display: block; width: 36px; height: 36px; margin-bottom: 16px; border: 3px solid var(--line); border-top-color: var(--accent); border-radius: 50% }
  @media (prefers-reduced-motion: no-preference) { i { animation: turn 1s linear infinite } }
  @keyframes turn { to { transform: rotate(1turn) } }
  h1 { margin: 0 0 4px; font-size: 18px }
  h2 { margin: 18px 0 4px; font-size: 15px }
  p { margin: 0; color: var(--soft) }
  code { display: block; margin-top: 18px; padding: 10px 14px; border-radius: 8px; background: var(--page); font: 14px ui-monospace, Menlo, Consolas, monospace }
</style>
<main>
  ${command ? '' : '<i></i>'}
  <h1>${zh[0]}</h1><p>${zh[1]}</p>
  <h2 lang="en">${en[0]}</h2><p lang="en">${en[1]}</p>
  ${command ? `<code>${command}</code>` : ''}
</main>
</html>
`;
}
