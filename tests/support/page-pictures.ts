import { execFileSync } from 'node:child_process';
import type { Browser, Page } from 'playwright';
import type { App } from './app';
import { findBrowser } from './browser';
import type { Visitor } from './http-session';

/** Pictures of the app's own pages in the documents: taken by `npm run pictures`, compared by tests/browser/frame.test.ts. */
export const PAGE_PICTURES: { file: string; path: string; width: number; height: number }[] = [
  { file: 'home-phone.png', path: '/', width: 390, height: 760 },
  { file: 'home-wide.png', path: '/', width: 1280, height: 760 },
  { file: 'canteen-phone.png', path: '/example/canteen', width: 390, height: 500 },
];

/** Of the company that an emulator invents by itself, with its first person as administrator. */
export async function takePicture(
  { app, browser, visitor }: { app: App; browser: Browser; visitor: Visitor },
  { path, width, height }: (typeof PAGE_PICTURES)[number],
): Promise<Buffer> {
  const context = await browser.newContext({
    locale: 'zh-CN',
    viewport: { width, height },
    deviceScaleFactor: width < 500 ? 2 : 1,
  });
  await context.addCookies([...visitor.cookies].map(([name, value]) => ({ name, value, url: app.url })));
  const page = await context.newPage();
  await page.goto(app.url + path, { waitUntil: 'networkidle' });
  const picture = await page.screenshot();
  await context.close();
  return picture;
}

/** Whether letters are drawn here as in the documents: by Debian's Chromium, in WenQuanYi Zen Hei. */
export function isReferenceBrowser(): boolean {
  if (!findBrowser()?.startsWith('/usr/bin/chromium')) return false;
  try {
    return /wqy-zenhei/.test(execFileSync('fc-match', [':lang=zh-cn'], { encoding: 'utf8' }));
  } catch {
    return false;
  }
}

/** The share of pixels that are not the same; 1 for pictures of different size. @param page any, to decode them in */
export function difference(page: Page, one: Buffer, other: Buffer): Promise<number> {
  return page.evaluate(
    async (pictures) => {
      const [a, b] = await Promise.all(
        pictures.map(async (data) => {
          const image = new Image();
          image.src = `data:image/png;base64,${data}`;
          await image.decode();
          const canvas = new OffscreenCanvas(image.width, image.height);
          const context = canvas.getContext('2d')!;
          context.drawImage(image, 0, 0);
          return context.getImageData(0, 0, image.width, image.height);
        }),
      );
      if (a!.width !== b!.width || a!.height !== b!.height) return 1;
      let different = 0;
      for (let at = 0; at < a!.data.length; at += 4)
        if ([0, 1, 2].some((channel) => Math.abs(a!.data[at + channel]! - b!.data[at + channel]!) > 40))
          different++;
      return different / (a!.data.length / 4);
    },
    [one.toString('base64'), other.toString('base64')],
  );
}
