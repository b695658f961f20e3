const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

/**
 * Node.js 22 has `module.enableCompileCache()`; this is as much of it as the built app needs, for Node.js 20. A third of
 * an app's start is the compiling of the same files, and the tests start it more than a hundred times. Preloaded with
 * `--require`; the apps of all tests share what is kept.
 */

const FOLDER = join(__dirname, '../../test-results/compile-cache', process.version);
const compiled = [];
const compileOfNode = Module.prototype._compile;

Module.prototype._compile = function compile(content, filename, ...rest) {
  const script = load(content, filename);
  if (!script) return compileOfNode.call(this, content, filename, ...rest);
  const wrapped = script.runInThisContext();
  return wrapped.call(this.exports, this.exports, requireOf(this), this, filename, dirname(filename));
};

/** @returns nothing for what Node.js has to compile itself: ES modules, and what imports some */
function load(content, filename) {
  if (content.startsWith('#!') || /\bimport\s*\(/.test(content)) return;
  // V8 compares the length of the source only.
  const file = join(FOLDER, createHash('sha1').update(filename).update(content).digest('hex'));
  const cachedData = readKept(file);
  try {
    const script = new Script(Module.wrap(content), { filename, cachedData });
    if (!cachedData) compiled.push({ file, script });
    return script;
  } catch {
    return;
  }
}

function readKept(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function requireOf(module) {
  const require = (id) => module.require(id);
  require.resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  require.resolve.paths = (request) => Module._resolveLookupPaths(request, module);
  return Object.assign(require, {
    main: process.mainModule,
    extensions: Module._extensions,
    cache: Module._cache,
  });
}

// At the end: with the functions that were compiled on the way.
process.on('exit', () => {
  try {
    mkdirSync(FOLDER, { recursive: true });
    for (const { file, script } of compiled) {
      if (readKept(file)) continue;
      writeFileSync(`${file}.${process.pid}`, script.createCachedData());
      renameSync(`${file}.${process.pid}`, file);
    }
  } catch {
    // The next app compiles for itself.
  }
});
