'use client';

import { useState } from 'react';
import { withBasePath } from '@/lib/base-path';

interface OpenInBrowserProps {
  /** The page to open there. */
  next: string;
  text: { open: string; opened: string; failed: string };
}

/** Asks for a link with a ticket when it is pressed, and has the client open it: a ticket lives for a minute. */
export function OpenInBrowser({ next, text }: OpenInBrowserProps) {
  const [state, setState] = useState<'opened' | 'failed'>();
  const open = async () => {
    setState(undefined);
    try {
      const answer = await fetch(withBasePath('/api/hand-off'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ next }),
      });
      const { address } = (await answer.json()) as { address?: string };
      if (!address) throw new Error(String(answer.status));
      const { openInBrowser } = await import('@/lib/webview');
      await openInBrowser(address);
      setState('opened');
    } catch {
      setState('failed');
    }
  };
  return (
    <>
      <button type="button" className="button" onClick={open}>
        {text.open}
      </button>
      <p role="status">{state && text[state]}</p>
    </>
  );
}
