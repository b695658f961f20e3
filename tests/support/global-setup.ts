import { existsSync } from 'node:fs';
import { ensureBrowser } from './browser';

/** Before the first test: a browser and a build. */
export default function setup(): void {
  ensureBrowser();
  if (!existsSync('.next/BUILD_ID'))
    throw new Error('Run `npm test`, or `npm run build` first: the tests use the built app.');
}
