import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname } from 'node:path';

const folder = new URL('./browser/', import.meta.url);

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The page may load only its own origin. It frames that and, for the moment until it moves there itself, the origins that a
 * webview can be led to.
 */
const policyFor = (hosts: readonly string[]) => {
  const frames = ["'self'", ...hosts.map((host) => `http://${host}`)].join(' ');
  return `default-src 'self'; frame-src ${frames}; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'`;
};

/**
 * Serves one file of the workbench's page.
 *
 * @param name the path below the workbench's prefix; '' is the page itself
 * @param hosts of the app and of protected hosts
 */
export async function sendAsset(res: ServerResponse, name: string, hosts: readonly string[]): Promise<void> {
  const file = name === '' ? 'index.html' : name;
  const contentType = contentTypes[extname(file)];
  // A plain file name, nothing else: no folder, no dot at the front, so no way out of the folder.
  if (contentType === undefined || !/^[a-z][a-z-]*\.[a-z]+$/.test(file)) return sendMissing(res);
  try {
    const body = await readFile(new URL(file, folder));
    res.writeHead(200, {
      'content-type': contentType,
      'cache-control': 'no-cache',
      'content-security-policy': policyFor(hosts),
      'x-content-type-options': 'nosniff',
    });
    res.end(body);
  } catch {
    sendMissing(res);
  }
}

function sendMissing(res: ServerResponse): void {
  res.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404\n');
}
