'use client';

import { useEffect, useState } from 'react';

/** The common way: the whole SDK, in an effect. */
export function SignIn({ corpId, clientId }: { corpId: string; clientId: string }) {
  const [text, setText] = useState('登录中…');
  useEffect(() => {
    const signIn = async () => {
      const dd = await import('dingtalk-jsapi');
      const { code } = await dd.requestAuthCode({ corpId, clientId });
      const answer = await fetch('/api/common', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code }),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      location.replace('/common');
    };
    signIn().catch((error: unknown) => setText(String(error)));
  }, [corpId, clientId]);
  return <p>{text}</p>;
}
