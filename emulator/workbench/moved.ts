import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Whether a webview of another origin's workbench is being led here. A workbench gives DingTalk's bridge to pages of its own
 * origin only, and browsers keep the cookies of an iframe back where the page around it is another site's.
 */
export function isFromOtherOrigin({ headers }: IncomingMessage): boolean {
  return (
    headers['sec-fetch-dest'] === 'iframe' && /^(cross|same)-site$/.test(String(headers['sec-fetch-site']))
  );
}

/** Has the workbench around the webview move to this origin, and open the same address there, its fragment included. */
export function sendMoved(res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  res.end(`<!doctype html><meta charset="utf-8"><title></title>
<script>parent.postMessage({ dingtalkEmulatorMoved: location.href }, '*')</script>
`);
}
