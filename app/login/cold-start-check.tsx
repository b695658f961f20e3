'use client';

import { useEffect } from 'react';
import { switchAccount } from './account-switch';
import { popSignInFlags } from './session-flags';

interface ColdStartCheckProps {
  corpId: string;
  clientId: string;
  /** Whose session the page was rendered for. */
  userId: string;
}

/** On the first page of a webview: whether another person holds it than the one who is signed in. */
export function ColdStartCheck({ corpId, clientId, userId }: ColdStartCheckProps) {
  useEffect(() => {
    // This page came with a session: the cookie was kept, and an earlier sign-out is history.
    popSignInFlags();
    switchAccount({ corpId, clientId, next: '/' }, userId).then((changed) => {
      if (changed) location.reload();
    });
  }, [corpId, clientId, userId]);
  return null;
}
