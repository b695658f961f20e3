/** @type {import('next').NextConfig} */
const nextConfig = {
  agentRules: false,
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
    rules: { '**/app/login/quick/script-text.ts': { loaders: ['./app/login/quick/script-loader.cjs'] } },
  },
  typedRoutes: true,
  // `npm run check` does it, for the whole repository; a build need not do it again.
  typescript: { ignoreBuildErrors: true },
};

export default nextConfig;
