'use client';

import { type MouseEvent, useEffect, useState } from 'react';

interface ChatLinkProps {
  /** Opens this page in DingTalk. */
  href: string;
  corpId: string;
  userId: string;
  text: { message: string; failed: string };
}

/**
 * Leads into the chat with somebody. DingTalk opens one for its own pages on a phone; its links into a chat take an id
 * that it tells no app. So from anywhere else the link leads to this page in DingTalk.
 */
export function ChatLink({ href, corpId, userId, text }: ChatLinkProps) {
  const [isInDingTalk, setInDingTalk] = useState(false);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    // Without it the link leads the longer way; a page of an older build is loaded again anyway.
    import('@/lib/webview').then(
      (webview) => setInDingTalk(webview.isInDingTalk()),
      () => undefined,
    );
  }, []);
  const onClick = (event: MouseEvent) => {
    if (!isInDingTalk) return;
    event.preventDefault();
    setFailed(false);
    import('@/lib/webview').then(({ openChat }) => openChat({ corpId, userId })).catch(() => setFailed(true));
  };
  return (
    <>
      <a className="action" href={href} onClick={onClick}>
        {text.message}
      </a>
      <p className="actions-note" role="status">
        {hasFailed && text.failed}
      </p>
    </>
  );
}
