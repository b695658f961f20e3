'use client';

import { useEffect } from 'react';
import { changeOver, popFlags } from './flow';

interface ColdStartCheckProps {
  corpId: string;
  clientId: string;
  /** Whose session the page was rendered for. */
  userId: string;
}

/** On the first page of a webview: is the person who holds it still the one who was signed in here? */
export function ColdStartCheck({ corpId, clientId, userId }: ColdStartCheckProps) {
  useEffect(() => {
    // This page came with a session: the cookie was kept, and whoever had signed out is back.
    popFlags();
    changeOver({ corpId, clientId, next: '/' }, userId).then((changed) => {
      if (changed) location.reload();
    });
  }, [corpId, clientId, userId]);
  return null;
}
