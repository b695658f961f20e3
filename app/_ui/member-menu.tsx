'use client';

import ActionSheet from 'antd-mobile/es/components/action-sheet';
import 'antd-mobile/es/global';
import { useRef, useState } from 'react';

interface MemberMenuProps {
  text: { open: string; question: string; signOut: string; cancel: string };
}

/** "Not you?": asks, then signs out. Without JavaScript the button signs out at once. */
export function MemberMenu({ text }: MemberMenuProps) {
  const form = useRef<HTMLFormElement>(null);
  const [asking, setAsking] = useState(false);
  return (
    <form ref={form} method="post" action="/api/session/sign-out" className="hero-menu">
      <button
        type="submit"
        className="button-quiet"
        onClick={(event) => {
          event.preventDefault();
          setAsking(true);
        }}
      >
        {text.open} {text.signOut}
      </button>
      <ActionSheet
        visible={asking}
        extra={text.question}
        cancelText={text.cancel}
        actions={[{ key: 'sign-out', text: text.signOut, danger: true }]}
        onAction={() => form.current?.submit()}
        onClose={() => setAsking(false)}
        closeOnAction
        safeArea
      />
    </form>
  );
}
