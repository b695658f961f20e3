/** The text of `script.ts`, bundled for each kind of client; `next.config.js` has a loader that puts it here. */
export default { phone: '', desktop: '' };
