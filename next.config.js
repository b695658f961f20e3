/** @type {import('next').NextConfig} */
const nextConfig = {
  agentRules: false,
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
  typedRoutes: true,
};

export default nextConfig;
