/** The bundled text of `script.ts`; `next.config.js` has a loader that puts it here. */
export default '';
