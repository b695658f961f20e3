const { build } = require('esbuild');
const { dirname, join } = require('node:path');

const ROOT = __dirname;

const SDK = 'dingtalk-jsapi/core';
/** The parts of the SDK that each kind of client needs. */
const PLATFORMS = { phone: ['android', 'ios', 'harmony'], desktop: ['pc'] };

/**
 * Of no use here, and a fifth of the script: every name that a JSAPI ever had, which only `dd.config` and
 * `dd.checkJsApi` look into, and promises for browsers that could not read the rest.
 */
const UNUSED = /dingtalk-jsapi[\\/]constant[\\/]apiMapping\.js$|promise-polyfill[\\/]dist[\\/]polyfill\.js$/;

const withoutUnused = {
  name: 'without-unused',
  setup({ onLoad }) {
    onLoad({ filter: UNUSED }, () => ({ contents: 'exports.default = {}' }));
  },
};

/**
 * A loader of Next's bundler: gives each `script-text.ts` the text of the `script.ts` beside it with everything that it imports, once for
 * phones and once for desktops. The syntax is what the oldest of their webviews know.
 */
module.exports = async function loadScriptTexts() {
  const done = this.async();
  try {
    const texts = {};
    for (const [kind, platforms] of Object.entries(PLATFORMS)) {
      const { outputFiles, metafile } = await bundle(platforms, dirname(this.resourcePath));
      for (const input of Object.keys(metafile.inputs))
        if (input !== '<stdin>') this.addDependency(join(ROOT, input));
      texts[kind] = outputFiles[0].text;
    }
    done(null, `export default ${JSON.stringify(texts)}`);
  } catch (error) {
    done(error);
  }
};

/** @param folder of the `script.ts` */
function bundle(platforms, folder) {
  const modules = [SDK, ...platforms.map((name) => `dingtalk-jsapi/platform/${name}`), './script'];
  return build({
    stdin: { contents: modules.map((name) => `import '${name}';`).join(''), resolveDir: folder },
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'iife',
    target: 'es2017',
    charset: 'utf8',
    alias: { 'dingtalk-jsapi/entry/union': SDK },
    plugins: [withoutUnused],
    tsconfig: join(ROOT, 'tsconfig.json'),
    define: {
      'process.env.NODE_ENV': '"production"',
      'process.env.BASE_PATH': JSON.stringify((process.env.BASE_PATH ?? '').trim().replace(/\/+$/, '')),
    },
  });
}
