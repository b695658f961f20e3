import { existsSync } from 'node:fs';

/** `npm run access`, `sync`, `keys`, `backup`, `database`, `storage`, `ticket`: runs one of the commands that `npm run build` made. */
const [name, ...words] = process.argv.slice(2);
const file = new URL(`dist/${name}.mjs`, import.meta.url);
if (existsSync(file)) {
  process.argv = [process.argv[0], file.pathname, ...words];
  await import(file.href);
} else {
  process.stderr.write('请先执行 npm run build · Run npm run build first\n');
  process.exitCode = 1;
}
