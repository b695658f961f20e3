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
    import('@/lib/webview').then((webview) => setInDingTalk(webview.isInDingTalk()));
  }, []);
  const onClick = async (event: MouseEvent) => {
    if (!isInDingTalk) return;
    event.preventDefault();
    setFailed(false);
    const { openChat } = await import('@/lib/webview');
    await openChat({ corpId, userId }).catch(() => setFailed(true));
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
