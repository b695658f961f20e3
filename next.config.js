import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('./', import.meta.url));
const BASE_PATH = (process.env.BASE_PATH ?? '').trim().replace(/\/+$/, '');
if (BASE_PATH && !/^(?:\/[a-z0-9][\w-]*)+$/i.test(BASE_PATH))
  throw new Error('BASE_PATH must be a path such as /door / 必须是 /door 这样的路径');

/** @type {import('next').NextConfig} */
const nextConfig = {
  agentRules: false,
  ...(BASE_PATH && { basePath: BASE_PATH }),
  // Into every bundle. @see lib/base-path.ts
  env: { BASE_PATH },
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
  // Otherwise Next respells queries before proxy.ts sees them, and people come back to another address than they left.
  skipProxyUrlNormalize: true,
  experimental: {
    // Next keeps what it collects of a body for proxy.ts; our pages take none.
    proxyClientMaxBodySize: 16 * 1024,
    // Three kilobytes in each page, and the first page after a sign-in need not wait for a style sheet.
    inlineCss: true,
  },
  turbopack: {
    rules: {
      '**/app/login/instant/script-text.ts': { loaders: ['./script-loader.cjs'] },
      '**/gate/browser/script-text.ts': { loaders: ['./script-loader.cjs'] },
    },
  },
  typedRoutes: true,
  // `npm run check` does it, for the whole repository; a build need not do it again.
  typescript: { ignoreBuildErrors: true },
};

/**
 * A page or handler that asks nobody who they are stops a build, and is named while developing.
 *
 * @param {string} phase
 */
export default async function withAccessCheck(phase) {
  // Not at the top: a server that is only started needs no sources.
  if (phase === 'phase-production-build') {
    const { describeOpenFiles } = await import('./access-check.js');
    const message = describeOpenFiles(ROOT);
    if (message) throw new Error(message);
  }
  if (phase === 'phase-development-server') await nameOpenFiles();
  return nextConfig;
}

async function nameOpenFiles() {
  // Next reads this file several times.
  if (globalThis.namesOpenFiles) return;
  globalThis.namesOpenFiles = true;
  const { describeOpenFiles } = await import('./access-check.js');
  let named;
  const look = () => {
    const message = describeOpenFiles(ROOT);
    if (message && message !== named) process.stderr.write(`\n⚠ ${message}\n\n`);
    named = message;
  };
  look();
  // A recursive watch would keep whatever only reads this file alive.
  setInterval(look, 2000).unref();
}
