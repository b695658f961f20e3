import { readFileSync } from 'node:fs';
import type { Kit } from './kit';

/** What README tells to write: file by file, in the order of the text. */
export interface ReadmeExample {
  files: Record<string, string>;
  /** The test, as README has it. */
  test: string;
}

/** @param readme its path */
export function readExample(readme: string): ReadmeExample {
  const blocks = [
    ...readFileSync(readme, 'utf8').matchAll(/`((?:app|tests)\/[^`]*\.tsx?)`[^`]*```tsx?\n(.*?)```/gs),
  ];
  const files = Object.fromEntries(blocks.map(([, path, text]) => [path!, text!]));
  const { 'tests/app/canteen.test.ts': test, ...others } = files;
  if (test === undefined || Object.keys(others).length !== 2) throw new Error(`${readme}: not as expected`);
  return { files: others, test };
}

/** Runs README's test against an app that has README's page. */
export async function runExample({ test }: ReadmeExample, kit: Kit): Promise<void> {
  const tests: (() => Promise<void>)[] = [];
  const body = test.replace(/^import .*$/gm, '');
  const run = new Function('test', 'startApp', `return (async () => {${body}})()`);
  await run(
    (_name: string, one: () => Promise<void>) => tests.push(one),
    async () => kit,
  );
  if (tests.length === 0) throw new Error('README has no test');
  for (const one of tests) await one();
}
