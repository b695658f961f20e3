import { element, icon } from './element.js';

/**
 * Opens DingTalk's sheet behind the three dots: at the foot of a phone's screen, under the button on a desktop.
 *
 * @param {object} options
 * @param {HTMLElement} options.device
 * @param {HTMLElement} options.anchor
 * @param {string} options.label
 * @param {{ symbol: string, text: string, act: () => void }[]} options.items
 */
export function openMenu({ device, anchor, label, items }) {
  const menu = /** @type {HTMLDialogElement} */ (
    element(
      'dialog',
      { class: 'menu', 'aria-label': label, onclick: () => menu.close(), onclose: () => menu.remove() },
      ...items.map(({ symbol, text, act }) =>
        element('button', { type: 'button', onclick: act }, icon(symbol), element('span', { text })),
      ),
    )
  );
  document.body.append(menu);
  menu.showModal();
  const screen = device.getBoundingClientRect();
  const isPhone = device.classList.contains('is-phone');
  if (isPhone) {
    menu.classList.add('is-sheet');
    menu.style.left = `${screen.left + 10}px`;
    menu.style.width = `${screen.width - 20}px`;
    menu.style.bottom = `${window.innerHeight - screen.bottom + 10}px`;
  } else {
    const button = anchor.getBoundingClientRect();
    menu.style.right = `${document.documentElement.clientWidth - button.right}px`;
    menu.style.top = `${button.bottom + 6}px`;
  }
}
