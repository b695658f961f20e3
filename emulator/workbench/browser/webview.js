import { enterContainer } from './containers.js';
import { element } from './element.js';

/** @typedef {import('./clients.js').Client} Client */

const loadingPollMs = 4;
const restingPollMs = 120;

/**
 * Opens an address in a webview: an iframe of this origin that finds DingTalk around itself.
 *
 * @param {object} options
 * @param {string} options.url
 * @param {Client} options.client
 * @param {string} options.language
 * @param {HTMLElement} options.mount where the iframe goes
 * @param {string} options.label the iframe's accessible name
 * @param {(method: string, params: any) => Promise<any>} options.invoke
 * @param {(page: { title: string, url: string, loading: boolean, isWhite: boolean }) => void} options.onChange
 */
export function openWebview({ url, client, language, mount, label, invoke, onChange }) {
  const frame = /** @type {HTMLIFrameElement} */ (
    element('iframe', { class: 'app-frame', 'data-testid': 'app-frame', title: label })
  );
  const frameWindow = () => /** @type {(Window & typeof globalThis) | null} */ (frame.contentWindow);
  const container = enterContainer(client, language, { invoke, frame: frameWindow });
  /** @type {Document | undefined} */
  let known;
  let page = { title: '', url: '', loading: true, isWhite: false };
  let documentTitle = '';
  let entered = '';
  let timer = 0;

  const show = (change) => {
    const next = { ...page, ...change };
    if (/** @type {(keyof typeof page)[]} */ (Object.keys(next)).every((name) => next[name] === page[name]))
      return;
    page = next;
    onChange(page);
  };

  /** Looks whether the iframe shows another document, which then needs its bridge before its scripts ask for it. */
  function look() {
    const current = frameWindow();
    const document = readable(frame);
    if (current === null || document === undefined) return;
    if (document !== known) {
      known = document;
      documentTitle = '';
      entered = current.location.href;
      container.install(current);
      current.addEventListener('pagehide', () => {
        show({ loading: true, isWhite: false });
        watch(loadingPollMs);
      });
    }
    // The later one wins: the page's own title, or its call to setTitle.
    if (document.title !== '' && document.title !== documentTitle) {
      documentTitle = document.title;
      show({ title: documentTitle });
    }
    if (current.location.href !== 'about:blank') show({ url: current.location.href });
  }

  function watch(everyMs) {
    clearInterval(timer);
    timer = window.setInterval(look, everyMs);
    look();
  }

  frame.addEventListener('load', () => {
    if (readable(frame)?.URL === 'about:blank') return;
    watch(restingPollMs);
    show({ loading: false, isWhite: client.platform === 'pc' && isBareError(frame) });
  });
  frame.name = container.frameName;
  frame.src = url;
  mount.replaceChildren(frame);
  watch(loadingPollMs);
  const lengthAtOpening = history.length;
  let stepsBack = 0;

  return {
    setTitle: (title) => show({ title }),
    /** The document, and the address that the client takes it for: iPhones keep the one that it was entered by. */
    shown() {
      const document = readable(frame);
      if (document === undefined) return undefined;
      const address = client.platform === 'ios' ? entered : document.location.href;
      return { document, address: address.split('#', 1)[0] ?? '' };
    },
    /** @param {string} to */
    open: (to) => frameWindow()?.location.assign(to),
    reload: () => frameWindow()?.location.reload(),
    /** One page back; at the first page there is none, and false is returned. */
    back() {
      const navigation = /** @type {any} */ (frameWindow())?.navigation;
      // history.back() at the webview's first page would leave the workbench itself.
      const canGoBack = navigation?.canGoBack ?? history.length - lengthAtOpening - stepsBack > 0;
      if (!canGoBack) return false;
      stepsBack += 1;
      // Two taps in haste: the frame's own list stays within the frame, history.back() would go on to the workbench's.
      if (navigation) for (const step of Object.values(navigation.back())) step.catch(() => undefined);
      else frameWindow()?.history.back();
      return true;
    },
    close() {
      clearInterval(timer);
      frame.remove();
      container.leave();
    },
  };
}

/** The iframe's document, or undefined while it shows another origin. @param {HTMLIFrameElement} frame */
function readable(frame) {
  try {
    return frame.contentDocument ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether the iframe got an error without a body. Chromium puts a page of its own there, which cannot be looked into, or
 * an empty one: DingTalk's client on a computer stays white.
 *
 * @param {HTMLIFrameElement} frame
 */
function isBareError(frame) {
  const shown = /** @type {any} */ (readable(frame)?.defaultView);
  if (shown === undefined) return true;
  const [answer] = shown.performance.getEntriesByType('navigation');
  return answer.responseStatus >= 400 && answer.encodedBodySize === 0;
}
