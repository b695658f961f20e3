'use client';

import { useEffect, useState } from 'react';

interface ChatButtonProps {
  corpId: string;
  userId: string;
  text: { message: string; failed: string };
}

/** Opens the chat with somebody in DingTalk. Where the client cannot do that there is no button. */
export function ChatButton({ corpId, userId, text }: ChatButtonProps) {
  const [state, setState] = useState<'absent' | 'ready' | 'failed'>('absent');
  useEffect(() => {
    import('@/lib/webview').then(({ mayOpenChat }) => setState(mayOpenChat() ? 'ready' : 'absent'));
  }, []);
  if (state === 'absent') return null;
  return (
    <>
      <button
        type="button"
        className="action"
        onClick={async () => {
          setState('ready');
          const { openChat } = await import('@/lib/webview');
          await openChat({ corpId, userId }).catch(() => setState('failed'));
        }}
      >
        {text.message}
      </button>
      <p className="actions-note" role="status">
        {state === 'failed' && text.failed}
      </p>
    </>
  );
}
