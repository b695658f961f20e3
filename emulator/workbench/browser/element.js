/**
 * Makes an element: functions become listeners, `true` a bare attribute, and undefined or false nothing.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] `text` is its text content
 * @param {...(Node | string | undefined)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function')
      node.addEventListener(name.replace(/^on/, ''), /** @type {any} */ (value));
    else if (name === 'text') node.textContent = String(value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

/**
 * A button with a picture and a name that is read out.
 *
 * @param {string} symbol
 * @param {string} label
 * @param {Record<string, unknown>} attributes
 */
export function iconButton(symbol, label, attributes) {
  return element(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': label, title: label, ...attributes },
    icon(symbol),
  );
}

/** A picture from icons.svg, in the colour of the text around it. @param {string} symbol */
export function icon(symbol) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `icons.svg#${symbol}`);
  svg.setAttribute('class', `icon icon-${symbol}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

/**
 * The picture of a person: their avatar, or like DingTalk the end of their name on a blue tile.
 *
 * @param {{ name: string, avatar: string }} person
 */
export function avatar(person) {
  const letters = /\p{Script=Han}/u.test(person.name) ? person.name.slice(-2) : person.name.slice(0, 2);
  const tile = element('span', { class: 'avatar', 'aria-hidden': 'true' }, letters);
  if (person.avatar) {
    // The emulator may call itself by another of its names: its path on this page's origin is the same picture.
    const { pathname, search } = new URL(person.avatar, location.href);
    const image = element('img', { alt: '', src: pathname + search, onerror: () => image.remove() });
    tile.append(image);
  }
  return tile;
}
