'use client';

import { useEffect } from 'react';

/** Loads the page again when a browser brings it back from its memory: after a sign-out it must not be visible with "back". */
export function FreshOnReturn() {
  useEffect(() => {
    const onShow = (event: PageTransitionEvent) => {
      if (event.persisted) location.reload();
    };
    window.addEventListener('pageshow', onShow);
    return () => window.removeEventListener('pageshow', onShow);
  }, []);
  return null;
}
