import { createAppLog } from './app-log.js';
import { createCallLists } from './call-lists.js';
import { createClock } from './clock.js';
import { element } from './element.js';
import { createRulesPanel } from './rules.js';
import {
  armedFaults,
  armFaults,
  disarmAll,
  disarmFaults,
  isSameFault,
  upstreamFaults,
} from './upstream-faults.js';

const refreshMs = 1500;

/**
 * The panel that makes DingTalk fail: the bridge in the webview, and the open platform behind the app.
 *
 * @param {import('./texts.js').Texts} texts
 * @param {import('./company.js').Company} company
 * @param {() => void} onRules other rules are in force
 */
export function createFaultPanel(texts, company, onRules) {
  const bridge = createBridgeMoods(texts);
  const failure = element('p', { class: 'fault-failure', role: 'alert' });
  const lists = createCallLists(texts);
  const clock = createClock(texts);
  const log = company.hasLog ? createAppLog(texts) : undefined;

  const switches = upstreamFaults.map(({ id, orders }) => {
    const input = inputOf({ type: 'checkbox', role: 'switch', 'data-testid': `fault-${id}` });
    input.addEventListener('change', () =>
      attempt(() => (input.checked ? armFaults(orders) : disarmFaults(orders))),
    );
    return { input, orders, node: choice(input, texts.faultNames[id]) };
  });

  async function clearAll() {
    bridge.reset();
    await attempt(disarmAll);
  }

  /** @param {() => Promise<unknown>} act */
  async function attempt(act) {
    try {
      await act();
      failure.textContent = '';
    } catch {
      failure.textContent = texts.faultFailed;
    }
    await refresh();
  }

  /** The emulator is the truth: a fault for one call has gone when the call has come, and a test may have set others. */
  async function refresh() {
    const armed = await armedFaults();
    for (const { input, orders } of switches) {
      input.checked = orders.some((order) => armed.some((fault) => isSameFault(fault, order)));
    }
    await Promise.all([lists.refresh(), clock.refresh(), log?.refresh()]);
  }
  setInterval(() => {
    // A hidden panel or tab asks nothing, and an emulator that has gone is asked again later.
    if (!document.hidden && failure.offsetParent !== null) refresh().catch(() => {});
  }, refreshMs);

  return {
    node: element(
      'div',
      { class: 'fault-scroll' },
      group(texts.bridge, bridge.choices),
      group(
        texts.upstream,
        switches.map(({ node }) => node),
      ),
      failure,
      element('button', {
        type: 'button',
        class: 'quiet-button',
        'data-testid': 'clear-faults',
        text: texts.clearAll,
        onclick: clearAll,
      }),
      clock.node,
      company.hasRules ? createRulesPanel(texts, onRules).node : undefined,
      log?.node,
      lists.node,
    ),
    mood: bridge.mood,
    showNativeCall: lists.showNativeCall,
    refresh: () => refresh().catch(() => {}),
  };
}

/** How the bridge of the webview behaves, to choose from. @param {import('./texts.js').Texts} texts */
function createBridgeMoods(texts) {
  /** @type {import('./native.js').BridgeMood} */
  let mood = 'answers';
  const inputs = Object.keys(texts.moods).map((id) => {
    const input = inputOf({ type: 'radio', name: 'mood', value: id, 'data-testid': `bridge-${id}` });
    input.checked = id === mood;
    input.addEventListener('change', () => {
      mood = /** @type {any} */ (id);
    });
    return input;
  });
  return {
    choices: inputs.map((input) => choice(input, texts.moods[input.value])),
    mood: () => mood,
    reset: () => inputs[0]?.click(),
  };
}

/** @param {Record<string, unknown>} attributes */
function inputOf(attributes) {
  return /** @type {HTMLInputElement} */ (element('input', attributes));
}

/** @param {HTMLInputElement} input @param {string[]} words */
function choice(input, [name, hint]) {
  return element(
    'label',
    { class: 'switch' },
    element('span', {}, element('b', { text: name }), element('small', { text: hint })),
    input,
  );
}

/** @param {string} name @param {HTMLElement[]} choices */
function group(name, choices) {
  return element('fieldset', { class: 'choices' }, element('legend', { text: name }), ...choices);
}
