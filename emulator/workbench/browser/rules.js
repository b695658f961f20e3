import { element } from './element.js';

/** The app looks at its file every other second. */
const takenOverMs = 2600;

/**
 * The app's access rules: saved, they are in force a moment later, and the page on the phone is loaded again.
 *
 * @param {import('./texts.js').Texts} texts
 * @param {() => void} onChange
 */
export function createRulesPanel(texts, onChange) {
  const text = /** @type {HTMLTextAreaElement} */ (
    element('textarea', {
      class: 'rules-text',
      rows: '10',
      spellcheck: 'false',
      'aria-label': texts.rules,
      'data-testid': 'rules-text',
    })
  );
  const state = element('p', { class: 'rules-state', role: 'status', 'data-testid': 'rules-state' });

  async function load() {
    const answer = await fetch('rules.jsonc');
    if (answer.ok) text.value = await answer.text();
  }

  async function save() {
    state.textContent = texts.rulesSaving;
    const answer = await fetch('rules.jsonc', { method: 'POST', body: text.value }).catch(() => undefined);
    if (!answer?.ok) {
      state.textContent = texts.rulesFailed;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, takenOverMs));
    state.textContent = texts.rulesSaved;
    onChange();
  }

  load().catch(() => {});
  return {
    node: element(
      'section',
      { class: 'app-log' },
      element('h3', { text: texts.rules }),
      text,
      element('button', {
        type: 'button',
        class: 'quiet-button',
        'data-testid': 'rules-save',
        text: texts.rulesSave,
        onclick: save,
      }),
      state,
    ),
  };
}
