import { withBasePath } from '@/lib/base-path';
import { enter, handOver } from '../flow';

/**
 * The script of the instant sign-in. It stands in the page itself, bundled for one kind of client, so that a code is
 * asked for as soon as the page is there. What it cannot settle, the sign-in page shows.
 */
const script = document.currentScript as HTMLScriptElement;
const { corpId = '', clientId = '', next = '/', loginPage = '/login' } = script.dataset;

(window as { dingpassInstant?: true }).dingpassInstant = true;
enter({ corpId, clientId, next }, (phase) => {
  const line = document.querySelector('[role=status] p');
  if (line) line.textContent = script.dataset[phase] ?? '';
}).then((outcome) => {
  if (outcome.kind !== 'entering') location.replace(handOver(outcome, withBasePath(loginPage)));
});
