import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { currentMessages } from '@/lib/visitor';
import './globals.css';

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  viewportFit: 'cover',
  colorScheme: 'light dark',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f3f5f8' },
    { media: '(prefers-color-scheme: dark)', color: '#111418' },
  ],
};

export async function generateMetadata(): Promise<Metadata> {
  const { messages } = await currentMessages();
  return {
    title: messages.appName,
    robots: { index: false, follow: false },
    icons: { icon: '/icon.svg' },
    formatDetection: { telephone: false, email: false, address: false },
  };
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const { language } = await currentMessages();
  return (
    <html lang={language}>
      <body>{children}</body>
    </html>
  );
}
