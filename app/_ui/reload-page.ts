interface Reloading {
  /** Of `watch-scripts.ts`, which stands in every page. */
  dingpassReload?: () => Promise<boolean>;
}

/**
 * For a part of this page that did not come.
 *
 * @returns false when the server does not answer; else the page is being loaded again, or offers a button for it
 */
export function reloadPage(): Promise<boolean> {
  return (window as Reloading).dingpassReload?.() ?? Promise.resolve(false);
}
