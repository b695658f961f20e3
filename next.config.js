/** @type {import('next').NextConfig} */
const nextConfig = {
  agentRules: false,
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
  // Otherwise Next respells queries before proxy.ts sees them, and people come back to another address than they left.
  skipProxyUrlNormalize: true,
  typedRoutes: true,
  // `npm run check` does it, for the whole repository; a build need not do it again.
  typescript: { ignoreBuildErrors: true },
};

export default nextConfig;
