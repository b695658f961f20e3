/**
 * Preloaded into the demo's app (`--import=…/demo-clock.mjs?<the emulator's address>`): its clock is the emulator's, so
 * that moving the one in the workbench also makes the app's sessions older.
 */
import { get } from 'node:http';

const EVERY_MS = 500;
const address = `${new URL(import.meta.url).search.slice(1)}/__emulator/clock`;
const machineNow = Date.now;
let offsetMs = 0;

Date.now = () => machineNow() + offsetMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, given, made) =>
    Reflect.construct(target, given.length > 0 ? given : [target.now()], made),
});

setInterval(() => {
  get(address, (answer) => {
    let text = '';
    answer.on('data', (chunk) => {
      text += chunk;
    });
    answer.on('end', () => {
      try {
        offsetMs = JSON.parse(text).offsetMs ?? 0;
      } catch {
        // Half an answer of an emulator that is ending.
      }
    });
  }).on('error', () => {});
}, EVERY_MS).unref();
