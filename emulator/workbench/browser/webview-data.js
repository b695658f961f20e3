const ownerKey = 'workbench.webview-owner';

/**
 * What a webview keeps between two openings: cookies and storage. There is one of it in this browser, so what one device
 * left is emptied before another device opens the app.
 */
export const webviewData = {
  /** Whether another person's or client's opening finds what the last one left. */
  isPassedOn: false,

  /** Makes the data this device's own. @param {string} device */
  async claim(device) {
    const owner = localStorage.getItem(ownerKey);
    if (owner !== null && owner !== device && !this.isPassedOn) await this.clear();
    localStorage.setItem(ownerKey, device);
  },

  async clear() {
    sessionStorage.clear();
    await fetch('clear-data', { method: 'POST' });
  },
};
