import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { anyFreePort } from './machines';

/** A site of another project: TiddlyWiki, which knows nothing of DingTalk and believes one header. */
export interface WikiSite {
  url: string;
  process: ChildProcess;
  close(): void;
}

const tiddlywiki = createRequire(import.meta.url).resolve('tiddlywiki/tiddlywiki.js');
const DEADLINE_MS = 30_000;

const INFO = {
  plugins: ['tiddlywiki/tiddlyweb', 'tiddlywiki/filesystem'],
  themes: ['tiddlywiki/vanilla', 'tiddlywiki/snowwhite'],
  languages: ['zh-Hans'],
};

/**
 * Starts a wiki that takes a visitor's name from `Remote-User`, and refuses requests without one.
 *
 * @param folder where its pages are kept
 * @param page the first page: its title, and its text in TiddlyWiki's own markup
 */
export async function startWikiSite(
  folder: string,
  page: { site: string; title: string; text: string },
): Promise<WikiSite> {
  const tiddlers = join(folder, 'tiddlers');
  mkdirSync(tiddlers, { recursive: true });
  writeFileSync(join(folder, 'tiddlywiki.info'), JSON.stringify(INFO));
  const write = (title: string, text: string) =>
    writeFileSync(
      join(tiddlers, `${title.replace(/[^\p{L}\p{N}]/gu, '_')}.tid`),
      `title: ${title}\n\n${text}\n`,
    );
  write('$:/SiteTitle', page.site);
  write('$:/SiteSubtitle', '');
  write('$:/DefaultTiddlers', `[[${page.title}]]`);
  write('$:/language', '$:/languages/zh-Hans');
  write(page.title, page.text);
  const port = await anyFreePort();
  const listen = [`port=${port}`, 'host=127.0.0.1', 'authenticated-user-header=Remote-User'];
  const access = ['readers=(authenticated)', 'writers=(authenticated)'];
  const child = spawn(process.execPath, [tiddlywiki, folder, '--listen', ...listen, ...access], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  await answers(url, child);
  return { url, process: child, close: () => void child.kill('SIGTERM') };
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`TiddlyWiki has ended: ${code}`);
  });
  ended.catch(() => undefined);
  for (let waited = 0; waited < DEADLINE_MS; waited += 100) {
    const answer = await Promise.race([fetch(`${url}/status`).catch(() => undefined), ended]);
    if (answer) return;
    await delay(100);
  }
  throw new Error('TiddlyWiki does not answer');
}
