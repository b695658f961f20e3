import { element } from './element.js';

const STEP_MS = 10 * 60_000;

/**
 * A button that moves DingTalk's clock ahead, and with it that of an app that follows it, as the demo's does.
 *
 * @param {import('./texts.js').Texts} texts
 */
export function createClock(texts) {
  const [name, hint] = texts.advance;
  const ahead = element('small', { 'data-testid': 'clock-ahead' });

  async function advance() {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ advanceMs: STEP_MS });
    await fetch('/__emulator/clock', { method: 'POST', headers, body });
    await refresh();
  }

  async function refresh() {
    const { offsetMs } = await (await fetch('/__emulator/clock')).json();
    const minutes = Math.round(offsetMs / 60_000);
    ahead.textContent = minutes === 0 ? '' : texts.ahead(minutes);
  }

  return {
    refresh,
    node: element(
      'section',
      { class: 'time' },
      element('h3', {}, texts.time, ahead),
      element('button', {
        type: 'button',
        class: 'quiet-button',
        'data-testid': 'advance-clock',
        title: hint,
        text: name,
        onclick: () => advance().catch(() => {}),
      }),
    ),
  };
}
