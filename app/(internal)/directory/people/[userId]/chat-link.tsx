'use client';

import { type MouseEvent, type ReactNode, useState } from 'react';

interface ChatLinkProps {
  /** Opens this page in DingTalk. */
  href: string;
  corpId: string;
  userId: string;
  /** Whether the page is open in DingTalk: then the chat itself opens. */
  isInDingTalk: boolean;
  text: { message: string; failed: string };
  /** The link's icon. */
  children: ReactNode;
}

/**
 * Leads into the chat with a member, on phones only. DingTalk opens one for its own pages there and has no such call on
 * computers; its links into a chat take an id that no app is given. So in a phone's browser the link leads to this page
 * in DingTalk.
 */
export function ChatLink({ href, corpId, userId, isInDingTalk, text, children }: ChatLinkProps) {
  const [hasFailed, setFailed] = useState(false);
  const onClick = (event: MouseEvent) => {
    if (!isInDingTalk) return;
    event.preventDefault();
    setFailed(false);
    import('@/lib/webview').then(({ openChat }) => openChat({ corpId, userId })).catch(() => setFailed(true));
  };
  return (
    <>
      <a href={href} onClick={onClick}>
        {children}
        {text.message}
      </a>
      <p className="reach-note" role="status">
        {hasFailed && text.failed}
      </p>
    </>
  );
}
