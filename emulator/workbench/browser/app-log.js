import { fetchLog } from './company.js';
import { element } from './element.js';

const typingPauseMs = 180;

/**
 * What the app wrote into its log: the lines of a request id, or without one the latest warnings and errors.
 *
 * @param {import('./texts.js').Texts} texts
 */
export function createAppLog(texts) {
  const lines = element('ol', { class: 'log-lines', 'data-testid': 'log-lines' });
  const search = /** @type {HTMLInputElement} */ (
    element('input', {
      type: 'search',
      class: 'log-search',
      'aria-label': texts.findLog,
      placeholder: texts.findLog,
      autocomplete: 'off',
      'data-testid': 'log-search',
    })
  );
  /** Items by their line: a line that was opened stays open when others arrive. @type {Map<string, HTMLElement>} */
  let shown = new Map();

  async function refresh() {
    const found = await fetchLog(search.value.trim());
    const isSame = found.length === shown.size && found.every((line) => shown.has(line));
    if (isSame && found.length > 0) return;
    shown = new Map(found.map((line) => [line, shown.get(line) ?? lineOf(line)]));
    lines.replaceChildren(...shown.values());
    if (found.length === 0) lines.append(element('li', { text: texts.noLog }));
  }

  let pause = 0;
  search.addEventListener('input', () => {
    clearTimeout(pause);
    pause = window.setTimeout(() => refresh().catch(() => {}), typingPauseMs);
  });

  return {
    refresh,
    node: element('section', { class: 'app-log' }, element('h3', { text: texts.log }), search, lines),
  };
}

/** One line: what happened, and on a click all of it. @param {string} text */
function lineOf(text) {
  const fields = parsed(text);
  const name = [fields.event, fields.outcome ?? fields.cause].filter(Boolean).join(' · ') || text;
  const all = Object.entries(fields).map(([key, value]) =>
    element(
      'div',
      {},
      element('b', { text: key }),
      ' ',
      typeof value === 'string' ? value : JSON.stringify(value),
    ),
  );
  const summary = element('summary', { text: name, title: text });
  return element('li', {}, element('details', {}, summary, ...all));
}

/** @param {string} text @returns {Record<string, any>} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
