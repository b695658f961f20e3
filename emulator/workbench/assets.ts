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

/** The page may load and frame only its own origin: nothing here ever needs another host. */
const policy =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/** Serves one file of the workbench's page. @param name the path below the workbench's prefix; '' is the page itself */
export async function sendAsset(res: ServerResponse, name: string): Promise<void> {
  const file = name === '' ? 'index.html' : name;
  const contentType = contentTypes[extname(file)];
  // A plain file name, nothing else: no folder, no dot at the front, so no way out of the folder.
  if (contentType === undefined || !/^[a-z][a-z-]*\.[a-z]+$/.test(file)) return sendMissing(res);
  try {
    const body = await readFile(new URL(file, folder));
    res.writeHead(200, {
      'content-type': contentType,
      'cache-control': 'no-cache',
      'content-security-policy': policy,
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
