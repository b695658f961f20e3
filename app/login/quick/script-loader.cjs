const { build } = require('esbuild');
const { join } = require('node:path');

/**
 * A loader of Next's bundler: gives `script-text.ts` the text of `script.ts` with everything that it imports. Of the
 * SDK only the part for phones goes in, and the syntax is what the oldest of their webviews know.
 */
module.exports = async function loadScriptText() {
  const done = this.async();
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [join(__dirname, 'script.ts')],
      absWorkingDir: join(__dirname, '../../..'),
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      format: 'iife',
      target: 'es2017',
      charset: 'utf8',
      alias: { 'dingtalk-jsapi/entry/union': 'dingtalk-jsapi/entry/mobile' },
      define: { 'process.env.NODE_ENV': '"production"' },
    });
    for (const input of Object.keys(metafile.inputs)) this.addDependency(join(__dirname, '../../..', input));
    done(null, `export default ${JSON.stringify(outputFiles[0].text)}`);
  } catch (error) {
    done(error);
  }
};
