import { withBasePath } from '@/lib/base-path';

/**
 * A page whose scripts are gone, because the server runs another build than the one that made it: it is loaded again, and
 * where that does not help soon, a button is offered that does so.
 */

const LOADS = 'dingpass.loads';
/**
 * Behind a balancer of two builds, half of what is asked for is of the other one. What has come stays in the browser's
 * cache, so what is missing is asked for once more before the page is: a balancer that takes turns would answer a page and
 * the script asked for after it from different builds for ever.
 */
const MAX_LOADS = 6;
const WITHIN_MS = 30_000;
const ANSWER_WITHIN_MS = 5000;
/** Next asks once more for a script that did not come, within 0.6 s. */
const SECOND_TRY_MS = 1500;

/**
 * A script that stands in the page itself, before those that can be missing. Its `data-sentence` and `data-button` are
 * what people read. In the syntax of the oldest webviews: no compiler sees it.
 */
export const WATCH_SCRIPTS = `(() => {
  const text = document.currentScript.dataset, missing = {};
  let underWay;
  const mayReload = () => {
    try {
      const loads = JSON.parse(sessionStorage.getItem('${LOADS}') || '[]').filter((at) => Date.now() - at < ${WITHIN_MS});
      if (loads.length >= ${MAX_LOADS}) return false;
      sessionStorage.setItem('${LOADS}', JSON.stringify(loads.concat(Date.now())));
      return true;
    } catch (e) { return false; }
  };
  const offer = () => {
    if (document.querySelector('.reload-bar')) return;
    const bar = document.createElement('div'), link = document.createElement('a');
    bar.className = 'reload-bar';
    bar.setAttribute('role', 'alert');
    link.className = 'button';
    link.setAttribute('href', '');
    link.textContent = text.button;
    link.onclick = () => { try { sessionStorage.removeItem('${LOADS}'); } catch (e) {} };
    bar.append(text.sentence, link);
    document.documentElement.append(bar);
  };
  const isServed = () => Promise.race([
    fetch('${withBasePath('/api/health')}', { cache: 'no-store' }).then((answer) => answer.ok, () => false),
    new Promise((resolve) => setTimeout(resolve, ${ANSWER_WITHIN_MS}, false)),
  ]);
  const fetchMissing = () => Promise.all(Object.keys(missing).map((src) => fetch(src).catch(() => 0)));
  const reload = () => underWay = underWay || Promise.all([fetchMissing(), isServed()]).then(([, served]) => {
    if (served && mayReload()) location.reload();
    else {
      underWay = undefined;
      if (served) offer();
    }
    return served;
  });
  const act = (src) => { if (missing[src]) reload().then((served) => served || offer()); };
  addEventListener('error', ({ target: { tagName, src } }) => {
    if (tagName !== 'SCRIPT' || src.indexOf(location.origin + '${withBasePath('/_next/')}') !== 0) return;
    missing[src] = (missing[src] || 0) + 1;
    if (missing[src] > 1) act(src);
    else setTimeout(act, ${SECOND_TRY_MS}, src);
  }, true);
  document.addEventListener('load', ({ target }) => { delete missing[target.src]; }, true);
  window.dingpassReload = reload;
})()`.replace(/\n\s+/g, '\n');
