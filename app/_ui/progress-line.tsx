'use client';

import { usePathname, useSearchParams } from 'next/navigation';
import { useEffect, useState } from 'react';

/** Most pages are there sooner. */
const SHOWN_AFTER_MS = 400;
/** A download, or an answer that never comes, leaves this page as it is. */
const GONE_AFTER_MS = 15_000;

/** A line at the top while the next page is awaited: a tap that takes long must not look like one that did nothing. */
export function ProgressLine({ label }: { label: string }) {
  const address = `${usePathname()}?${useSearchParams()}`;
  const [waitsAt, setWaitsAt] = useState<string>();

  useEffect(() => {
    let timer = 0;
    const stay = () => {
      clearTimeout(timer);
      setWaitsAt(undefined);
    };
    const leave = (event: Event) => {
      if (!leavesPage(event)) return;
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        setWaitsAt(address);
        timer = window.setTimeout(stay, GONE_AFTER_MS);
      }, SHOWN_AFTER_MS);
    };
    document.addEventListener('click', leave);
    document.addEventListener('submit', leave);
    return () => {
      stay();
      document.removeEventListener('click', leave);
      document.removeEventListener('submit', leave);
    };
  }, [address]);

  if (waitsAt !== address) return null;
  return <div className="wait wait-page" role="progressbar" aria-label={label} />;
}

function leavesPage(event: Event): boolean {
  // A form that a script handles stays here.
  if (event.type === 'submit') return !event.defaultPrevented;
  const { button, altKey, ctrlKey, metaKey, shiftKey, target } = event as MouseEvent;
  if (button !== 0 || altKey || ctrlKey || metaKey || shiftKey) return false;
  const link = (target as Element).closest('a');
  if (!link?.href || link.target || 'stays' in link.dataset) return false;
  const to = new URL(link.href);
  return to.origin === location.origin && to.href.split('#')[0] !== location.href.split('#')[0];
}
