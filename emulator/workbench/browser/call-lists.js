import { element } from './element.js';

const keptNativeCalls = 8;

/**
 * What the app asked of DingTalk: of the webview around it, and of the open platform.
 *
 * @param {import('./texts.js').Texts} texts
 */
export function createCallLists(texts) {
  const total = element('small');
  const counts = element('ol', { class: 'calls', 'data-testid': 'calls' });
  const natives = element('ol', { class: 'calls', 'data-testid': 'native-calls' });
  /** @type {import('./native.js').NativeCall[]} */
  let nativeCalls = [];

  async function refresh() {
    const { total: all, byEndpoint } = await (await fetch('/__emulator/calls')).json();
    total.textContent = texts.callsTotal(all);
    counts.replaceChildren(
      ...Object.entries(byEndpoint).map(([path, count]) => line(path, String(count))),
      ...(all === 0 ? [line(texts.noCalls, '')] : []),
    );
  }

  function drawNatives() {
    natives.replaceChildren(
      ...nativeCalls.map(({ method, state, reason }) => {
        const item = line(method.slice(method.lastIndexOf('.') + 1), texts.states[state], method);
        item.classList.add(`is-${state}`);
        if (reason !== undefined)
          item.firstElementChild?.append(element('small', { text: reason, title: reason }));
        return item;
      }),
      ...(nativeCalls.length === 0 ? [line(texts.noCalls, '')] : []),
    );
  }
  drawNatives();

  return {
    refresh,
    node: element(
      'div',
      { class: 'call-lists' },
      element('h3', { text: texts.jsapi }),
      natives,
      element('h3', {}, texts.calls, total),
      counts,
    ),
    /** @param {import('./native.js').NativeCall} call */
    showNativeCall(call) {
      if (!nativeCalls.includes(call)) nativeCalls = [call, ...nativeCalls].slice(0, keptNativeCalls);
      drawNatives();
    },
  };
}

/** @param {string} name @param {string} value @param {string} [title] */
function line(name, value, title = name) {
  return element('li', {}, element('span', { text: name, title }), element('b', { text: value }));
}
