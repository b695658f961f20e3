import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** More than a developer types into the panel. */
const maxBytes = 65_536;

/** Answers with the app's file of access rules, and replaces it with what is posted. The app reads it by itself. */
export async function handleRulesFile(
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
): Promise<void> {
  if (req.method === 'GET') return sendText(res, 200, readFileSync(path, 'utf8'));
  if (req.method !== 'POST' || !isOwnPage(req)) return sendText(res, 405, '');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) return sendText(res, 413, '');
    chunks.push(chunk as Buffer);
  }
  // Replaced at once: the app must never read half of it.
  writeFileSync(`${path}.new`, Buffer.concat(chunks));
  renameSync(`${path}.new`, path);
  sendText(res, 204, '');
}

/** The app's own pages share this origin; other sites do not. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin';
}

function sendText(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  res.end(text);
}
