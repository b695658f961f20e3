'use client';

import { useEffect } from 'react';

/** DingTalk's own bar shows the title that a page was loaded with; what it shows later has to be said. */
export function DingTalkTitle({ title }: { title: string }) {
  useEffect(() => {
    const isFirst = shown === undefined;
    if (shown === title) return;
    shown = title;
    if (!isFirst) import('@/lib/webview').then(({ setTitle }) => setTitle(title)).catch(() => undefined); // An old client keeps its title.
  }, [title]);
  return null;
}

let shown: string | undefined;
