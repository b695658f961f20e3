import { element } from './element.js';

const POLL_MS = 1500;
const MOST_SHOWN = 5;

/**
 * @typedef {object} Notice
 * @property {number} taskId
 * @property {number} at
 * @property {string} title
 * @property {string} text
 * @property {string} [url] what opens it on a phone
 * @property {string} [pcUrl] what opens it on a computer
 * @property {boolean} isRead
 */

/**
 * The work notifications of the person who holds the device: a list on the workbench, and how many are unread.
 *
 * @param {object} options
 * @param {import('./texts.js').Texts} options.texts
 * @param {() => string} options.userid
 * @param {(notice: Notice) => void} options.onOpen
 * @param {(notice: Notice) => void} options.onArrival
 * @param {(unread: number) => void} options.onUnread
 */
export function createNotices({ texts, userid, onOpen, onArrival, onUnread }) {
  const list = element('div', { class: 'notices' });
  const node = element(
    'section',
    { class: 'app-card', 'data-testid': 'notices', hidden: true },
    element('h3', { text: texts.notices }),
    list,
  );
  let shown = '';
  let holder = '';
  /** @type {Set<number>} */
  let known = new Set();

  /** @param {Notice} notice */
  async function open(notice) {
    await fetch('/__emulator/notices', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userid: userid(), taskId: notice.taskId }),
    });
    await refresh();
    onOpen(notice);
  }

  async function refresh() {
    const asked = userid();
    const answer = await fetch(`/__emulator/notices?${new URLSearchParams({ userid: asked })}`).catch(
      () => undefined,
    );
    if (!answer?.ok || asked !== userid()) return;
    const body = await answer.text();
    if (body === shown && asked === holder) return;
    /** @type {Notice[]} */
    const notices = JSON.parse(body).notices;
    // What lay there before the device was chosen has not just arrived.
    const arrived = asked === holder ? notices.find(({ taskId }) => !known.has(taskId)) : undefined;
    [shown, holder] = [body, asked];
    known = new Set(notices.map(({ taskId }) => taskId));
    node.hidden = notices.length === 0;
    list.replaceChildren(...notices.slice(0, MOST_SHOWN).map((notice) => row(notice, texts, open)));
    onUnread(notices.filter(({ isRead }) => !isRead).length);
    if (arrived) onArrival(arrived);
  }

  refresh();
  setInterval(() => document.visibilityState === 'visible' && refresh(), POLL_MS);
  return { node, refresh };
}

/** @param {Notice} notice @param {import('./texts.js').Texts} texts @param {(notice: Notice) => void} open */
function row(notice, texts, open) {
  const { title, text, isRead } = notice;
  return element(
    'button',
    { type: 'button', class: isRead ? 'notice-row' : 'notice-row is-unread', onclick: () => open(notice) },
    element('b', { text: title }),
    element('small', { text: text }),
    isRead ? undefined : element('span', { class: 'notice-mark', role: 'img', 'aria-label': texts.unread }),
  );
}

/**
 * The page of the app that a notice opens: phones follow its address, computers DingTalk's own link to the app.
 *
 * @param {Notice} notice
 * @param {{ shape: 'phone' | 'desktop', corpId: string }} client
 * @returns {URL | undefined} undefined: there is none, or the client does not follow it
 */
export function addressOf({ url, pcUrl }, { shape, corpId }) {
  const link = toUrl(shape === 'phone' ? url : pcUrl);
  if (link === undefined || /^https?:$/.test(link.protocol)) return link;
  if (!link.href.startsWith('dingtalk://dingtalkclient/action/openapp?')) return undefined;
  const { searchParams } = link;
  if (searchParams.get('corpid') !== corpId || searchParams.get('redirect_type') !== 'jump') return undefined;
  return toUrl(searchParams.get('redirect_url'));
}

/** @param {string | null | undefined} text */
function toUrl(text) {
  try {
    return new URL(text ?? '');
  } catch {
    return undefined;
  }
}
