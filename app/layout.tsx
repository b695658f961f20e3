import type { Metadata, Viewport } from 'next';
import { headers } from 'next/headers';
import type { ReactNode } from 'react';
import { withBasePath } from '@/lib/base-path';
import { brand, brandStyle, GROUNDS } from '@/lib/brand';
import { currentMessages } from '@/lib/http/language';
import { nonceOf } from '@/lib/http/security-headers';
import { WATCH_SCRIPTS } from './_ui/watch-scripts';
import './globals.css';

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  viewportFit: 'cover',
  colorScheme: 'light dark',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: GROUNDS.light },
    { media: '(prefers-color-scheme: dark)', color: GROUNDS.dark },
  ],
};

export async function generateMetadata(): Promise<Metadata> {
  const { messages } = await currentMessages();
  return {
    title: messages.appName,
    robots: { index: false, follow: false },
    icons: {
      icon: withBasePath(`/brand/${brand().icon ? 'icon.png' : 'icon.svg'}?v=${brand().version}`),
      apple: withBasePath(`/brand/icon-180.png?v=${brand().version}`),
    },
    manifest: withBasePath(`/brand/manifest.webmanifest?v=${brand().version}`),
    formatDetection: { telephone: false, email: false, address: false },
  };
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const { language, messages } = await currentMessages();
  const { incomplete, reload } = messages.errorPage;
  const nonce = nonceOf((await headers()).get('content-security-policy'));
  return (
    <html lang={language}>
      <head>
        <style>{brandStyle()}</style>
        <script nonce={nonce} data-sentence={incomplete} data-button={reload}>
          {WATCH_SCRIPTS}
        </script>
      </head>
      <body>{children}</body>
    </html>
  );
}
